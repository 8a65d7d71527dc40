/** The server did not let us in, or lets us be in one place only: why, and what to do. */
import { useEffect } from 'preact/hooks';
import { AppWindow, Ban, CircleAlert, DoorClosed, KeyRound, Lock, MonitorSmartphone, UsersRound, type IconNode } from 'lucide';
import { MessagePage } from '../components/MessagePage';
import { Button } from '../components/Button';
import type { ChannelError } from '../../lib/channel';
import type { LocalMedia } from '../../lib/local-media';
import { CLOSE_RESUMED_ELSEWHERE, ErrorCode } from '../../lib/message';
import { startCall } from '../home/HomePage';
import { t } from '../texts';

/** The door is shut, in one way or another. */
const DOORS: Readonly<Record<number, { name: 'locked' | 'banned' | 'denied'; icon: IconNode }>> = {
  [ErrorCode.Locked]: { name: 'locked', icon: Lock },
  [ErrorCode.Banned]: { name: 'banned', icon: Ban },
  [ErrorCode.Denied]: { name: 'denied', icon: DoorClosed },
};

export interface RefusedPageProps {
  error: ChannelError | undefined;
  media: LocalMedia;
  onRetry: () => void;
  /** Straight back in, past the lobby. */
  onRejoin: () => void;
}

export function RefusedPage({ error, media, onRetry, onRejoin }: RefusedPageProps) {
  useEffect(() => media.close(), [media]);
  if (error?.code === ErrorCode.RoomFull) {
    return (
      <MessagePage icon={UsersRound} title={t('full.title')} text={t('full.text')} testid="room-full">
        <Button kind="primary" onClick={startCall} testid="new-call">
          {t('home.new')}
        </Button>
        <Button onClick={onRetry} testid="retry-join">
          {t('full.retry')}
        </Button>
      </MessagePage>
    );
  }
  if (error?.code === ErrorCode.Unauthorised) {
    return (
      <MessagePage icon={KeyRound} title={t('token.title')} text={t('token.text')} testid="token-needed">
        <Button kind="primary" onClick={onRetry}>
          {t('retry')}
        </Button>
      </MessagePage>
    );
  }
  if (error?.code === ErrorCode.UidInUse) {
    return (
      <MessagePage icon={MonitorSmartphone} title={t('present.title')} text={t('present.text')} testid="present-elsewhere">
        <Button kind="primary" onClick={onRetry}>
          {t('retry')}
        </Button>
      </MessagePage>
    );
  }
  if (error?.code === CLOSE_RESUMED_ELSEWHERE) {
    return (
      <MessagePage icon={AppWindow} title={t('continued.title')} text={t('continued.text')} testid="continued-elsewhere">
        <Button kind="primary" onClick={onRejoin} testid="take-back">
          {t('continued.back')}
        </Button>
      </MessagePage>
    );
  }
  const door = error && DOORS[error.code];
  if (door) {
    return (
      <MessagePage icon={door.icon} title={t(`${door.name}.title`)} text={t(`${door.name}.text`)} testid={`door-${door.name}`}>
        <Button kind="primary" onClick={onRetry} testid="retry-join">
          {t('full.retry')}
        </Button>
      </MessagePage>
    );
  }
  return (
    <MessagePage icon={CircleAlert} title={t('refused.title')} text={t('refused.text', { reason: error?.message || error?.reason || '–' })} testid="join-refused">
      <Button kind="primary" onClick={onRetry}>
        {t('retry')}
      </Button>
    </MessagePage>
  );
}
