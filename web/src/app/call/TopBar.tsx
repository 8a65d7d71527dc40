/** Where we are, for how long, and how good the line is. Fades when nobody moves. */
import { useEffect, useState } from 'preact/hooks';
import { Lock, UsersRound } from 'lucide';
import { Icon } from '../components/Icon';
import type { CallView } from './call-view';
import { QualityMark } from './QualityMark';
import { t } from '../texts';

export function TopBar({ room, view }: { room: string; view: CallView }) {
  const { connection, startedAt } = view.call;
  const state = connection.value;
  const people = view.call.participants.value.length + 1;
  const encrypted = t(view.call.topology.mode.value === 'sfu' ? 'call.encrypted.server' : 'call.encrypted');
  return (
    <header class="top-bar">
      <div class="top-bar-group">
        <span class="top-bar-lock" title={encrypted} data-testid="topology" data-mode={view.call.topology.mode.value}>
          <Icon icon={Lock} size={14} />
          <span class="visually-hidden">{encrypted}</span>
        </span>
        <span class="top-bar-room">{room}</span>
        {people > 1 && startedAt.value !== undefined && <Clock since={startedAt.value} />}
      </div>
      <div class="top-bar-group">
        {people > 2 && (
          <button type="button" class="top-bar-people" aria-label={t('people.count', { n: people })} title={t('people.count', { n: people })} onClick={view.togglePeople} data-testid="people-count">
            <Icon icon={UsersRound} size={16} />
            {people}
          </button>
        )}
        <span class={state === 'connected' ? 'visually-hidden' : `connection connection-${state}`} data-testid="connection-state" data-state={state}>
          {t(`connection.${state}`)}
        </span>
        {state === 'connected' && <QualityMark quality={view.call.pulse.quality.value} onClick={view.toggleStats} />}
      </div>
    </header>
  );
}

function Clock({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span class="top-bar-clock" data-testid="clock">
      {elapsed(now - since)}
    </span>
  );
}

function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}
