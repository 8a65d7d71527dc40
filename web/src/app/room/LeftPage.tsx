/** After hanging up: the way back, and the way on. */
import { useEffect } from 'preact/hooks';
import { DoorClosed, DoorOpen } from 'lucide';
import { MessagePage } from '../components/MessagePage';
import { Button } from '../components/Button';
import type { LocalMedia } from '../../lib/local-media';
import type { Dismissal } from '../../lib/meeting';
import { navigate } from '../router';
import { t } from '../texts';

export interface LeftPageProps {
  room: string;
  media: LocalMedia;
  /** A host ended our stay. */
  dismissal: Dismissal | undefined;
  onRejoin: () => void;
}

export function LeftPage({ room, media, dismissal, onRejoin }: LeftPageProps) {
  useEffect(() => media.close(), [media]);
  if (dismissal) {
    return (
      <MessagePage icon={DoorClosed} title={t(`${dismissal}.title`)} text={t(`${dismissal}.text`)} testid={dismissal}>
        <Button kind="primary" onClick={() => navigate('/')} testid="go-home">
          {t('home.back')}
        </Button>
      </MessagePage>
    );
  }
  return (
    <MessagePage icon={DoorOpen} title={t('left.title')} text={t('left.text', { room })} testid="left">
      <Button kind="primary" onClick={onRejoin} testid="rejoin">
        {t('left.rejoin')}
      </Button>
      <Button onClick={() => navigate('/')} testid="go-home">
        {t('home.back')}
      </Button>
    </MessagePage>
  );
}
