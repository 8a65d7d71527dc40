/** Chooses the page. Pages that few people open are chunks of their own. */
import { lazy } from './lazy';
import { route } from './router';
import { HomePage } from './home/HomePage';
import { UnknownPage } from './UnknownPage';

const CheckPage = lazy(() => import('./check/CheckPage').then((module) => module.CheckPage));

export function App() {
  const here = route.value;
  switch (here.page) {
    case 'home':
      return <HomePage />;
    case 'check':
      return <CheckPage />;
    case 'room':
    case 'unknown':
      return <UnknownPage />;
  }
}
