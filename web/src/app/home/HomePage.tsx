/** Start or join: one button, one field, the rooms of last time. */
import './home.css';
import { Video } from 'lucide';
import { Button } from '../components/Button';
import { PageShell } from '../components/PageShell';
import { newRoomId } from '../../lib/random';
import { navigate, roomPath } from '../router';
import { t } from '../texts';
import { JoinForm } from './JoinForm';
import { RecentRooms } from './RecentRooms';

export function HomePage() {
  return (
    <PageShell>
      <div class="home">
        <section class="home-start">
          <h1>{t('home.title')}</h1>
          <p class="quiet">{t('home.text')}</p>
          <Button kind="primary" size="large" icon={Video} onClick={startCall} testid="new-call">
            {t('home.new')}
          </Button>
          <JoinForm />
        </section>
        <RecentRooms />
        <p class="home-foot small">
          <a href="/live">{t('live.link')}</a>
          <a href="/check">{t('check.link')}</a>
        </p>
      </div>
    </PageShell>
  );
}

/** Opens a room that nobody else knows. What the address asks for (`?it=relay`) goes along. */
export function startCall(): void {
  navigate(roomPath(newRoomId()) + location.search);
}
