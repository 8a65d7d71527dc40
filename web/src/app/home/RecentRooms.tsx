/** The rooms of last time, each with a way to forget it. */
import { X } from 'lucide';
import { IconButton } from '../components/IconButton';
import { dateLocale } from '../preferences';
import { forgetRoom, recentRooms } from '../recent-rooms';
import { navigate, roomPath } from '../router';
import { t } from '../texts';

export function RecentRooms() {
  const rooms = recentRooms.value;
  if (rooms.length === 0) return null;
  const format = new Intl.DateTimeFormat(dateLocale(), { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
  return (
    <section class="recent" aria-labelledby="recent-title">
      <h2 id="recent-title">{t('home.recent')}</h2>
      <ul>
        {rooms.map(({ room, at }) => (
          <li key={room} class="recent-row" data-testid="recent-room">
            <a
              href={roomPath(room)}
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.preventDefault();
                navigate(roomPath(room));
              }}
            >
              <span class="recent-name">{room}</span>
              <time class="quiet small" dateTime={new Date(at).toISOString()}>
                {format.format(at)}
              </time>
            </a>
            <IconButton icon={X} label={t('home.forget', { room })} onClick={() => forgetRoom(room)} testid="recent-remove" />
          </li>
        ))}
      </ul>
    </section>
  );
}
