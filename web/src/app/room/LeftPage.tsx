/** After hanging up: the way back, and the way on. */
import { useEffect } from 'preact/hooks';
import { DoorOpen } from 'lucide';
import { MessagePage } from '../components/MessagePage';
import { Button } from '../components/Button';
import type { LocalMedia } from '../../lib/local-media';
import { navigate } from '../router';
import { t } from '../texts';

export function LeftPage({ room, media, onRejoin }: { room: string; media: LocalMedia; onRejoin: () => void }) {
  useEffect(() => media.close(), [media]);
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
