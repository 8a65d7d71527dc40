/** What stands in the place of the picture while there is none: what is the matter, and what to do. */
import { CircleAlert, CloudOff, LoaderCircle, Radio, RotateCw } from 'lucide';
import type { IconNode } from 'lucide';
import type { Detour } from '../../lib/live/playback';
import { shownName, type StreamName } from '../../lib/live/stream-name';
import { Button } from '../components/Button';
import { Icon } from '../components/Icon';
import { TokenForm } from './TokenForm';
import { t, word, type LiveTextKey } from './texts';
import type { WatchSession } from './watch-session';

interface Notice {
  icon: IconNode;
  title: LiveTextKey;
  text?: LiveTextKey;
}

const NOTICES: Readonly<Record<string, Notice>> = {
  connecting: { icon: LoaderCircle, title: 'state.connecting' },
  waiting: { icon: Radio, title: 'state.waiting', text: 'state.waiting.text' },
  reconnecting: { icon: LoaderCircle, title: 'state.reconnecting', text: 'state.reconnecting.text' },
  away: { icon: CloudOff, title: 'state.away', text: 'state.away.text' },
  denied: { icon: CircleAlert, title: 'state.denied' },
  unplayable: { icon: CircleAlert, title: 'state.unplayable', text: 'state.unplayable.text' },
};

export function PlayerNotice({ session, name }: { session: WatchSession; name: StreamName }) {
  const { playback } = session;
  const state = playback.state.value;
  if (state === 'playing') return null;
  const problem = playback.problem.value;
  const notice = NOTICES[state === 'reconnecting' && problem === 'no-answer' ? 'away' : state];
  if (!notice) return null;
  const codecs = [playback.report.value?.video?.codec, playback.report.value?.audio?.codec].filter((codec) => codec).join(', ');
  return (
    <div class="player-notice" role="status" data-testid={`player-${state}`}>
      <span class={notice.icon === LoaderCircle ? 'player-turning' : ''}>
        <Icon icon={notice.icon} size={32} />
      </span>
      <h2>{t(notice.title)}</h2>
      {notice.text && <p>{t(notice.text, { name: shownName(name) })}</p>}
      {state === 'denied' && problem && <TokenForm problem={problem} />}
      {state === 'unplayable' && (
        <>
          <Detours detours={playback.detours.value} codecs={codecs} />
          <Button icon={RotateCw} onClick={() => playback.again()} testid="player-retry">
            {t('retry')}
          </Button>
        </>
      )}
    </div>
  );
}

/** Why ways that are better were not taken. */
export function Detours({ detours, codecs }: { detours: readonly Detour[]; codecs: string }) {
  return (
    <ul class="small" data-testid="player-detours">
      {detours.map(({ way, reason }) => (
        <li key={way} data-way={way} data-reason={reason}>
          {t('way.why', { way: word('way', way), reason: reasonText(reason, codecs) })}
        </li>
      ))}
    </ul>
  );
}

function reasonText(reason: string, codecs: string): string {
  switch (reason) {
    case 'unsupported':
    case 'no-connection':
    case 'no-media':
    case 'lost':
      return t(`reason.${reason}`);
    case 'codec':
      return t('reason.codec', { codecs });
    default:
      return t('reason.code', { code: reason });
  }
}
