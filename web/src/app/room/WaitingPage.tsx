/** A host has been asked to let us in. One sees oneself meanwhile: the door may open at any moment. */
import { DoorClosed } from 'lucide';
import { MessagePage } from '../components/MessagePage';
import { Button } from '../components/Button';
import { MicMeter } from '../components/MicMeter';
import { Video } from '../components/Video';
import type { LocalMedia } from '../../lib/local-media';
import { t } from '../texts';

export function WaitingPage({ media, onCancel }: { media: LocalMedia; onCancel: () => void }) {
  const camera = media.camera.value;
  return (
    <MessagePage icon={DoorClosed} title={t('waiting.title')} text={t('waiting.text')} testid="waiting">
      <div class="waiting-self">
        {camera && <Video tracks={[camera]} label={t('self.picture')} class={media.facing.value === 'user' ? 'mirrored' : ''} testid="local-video" />}
        <MicMeter track={media.microphone.value} />
      </div>
      <Button onClick={onCancel} testid="waiting-cancel">
        {t('waiting.leave')}
      </Button>
    </MessagePage>
  );
}
