/** Chooses the page. Pages that few people open are chunks of their own. */
import { lazy } from './lazy';
import { route } from './router';
import { HomePage } from './home/HomePage';
import { RoomPage } from './room/RoomPage';
import { UnknownPage } from './UnknownPage';

const CheckPage = lazy(() => import('./check/CheckPage').then((module) => module.CheckPage));

const AdminPage = lazy(() => import('./admin/AdminPage').then((module) => module.AdminPage));

const LivePage = lazy(() => import('./live/LivePage').then((module) => module.LivePage));

const WatchPage = lazy(() => import('./live/WatchPage').then((module) => module.WatchPage));

const StudioPage = lazy(() => import('./studio/StudioPage').then((module) => module.StudioPage));

const RecordingsPage = lazy(() => import('./recordings/RecordingsPage').then((module) => module.RecordingsPage));

export function App() {
  const here = route.value;
  switch (here.page) {
    case 'home':
      return <HomePage />;
    case 'room':
      return <RoomPage key={here.room} room={here.room} />;
    case 'check':
      return <CheckPage />;
    case 'admin':
      return <AdminPage room={here.room} />;
    case 'live':
      return <LivePage />;
    case 'watch':
      return <WatchPage path={here.path} />;
    case 'studio':
      return <StudioPage />;
    case 'recordings':
      return <RecordingsPage />;
    case 'unknown':
      return <UnknownPage />;
  }
}
