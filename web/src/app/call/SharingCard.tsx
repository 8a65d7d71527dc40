/** What one shares oneself, small, with a plain way to stop. */
import { Button } from '../components/Button';
import { Video } from '../components/Video';
import type { CallView } from './call-view';
import { t } from '../texts';

export function SharingCard({ view, screen }: { view: CallView; screen: MediaStream }) {
  return (
    <aside class="sharing" data-testid="sharing">
      <Video tracks={screen.getTracks()} label={t('share.preview')} testid="own-screen" />
      <p>{t('share.running')}</p>
      <Button kind="danger" onClick={() => view.call.media.stopScreen()} testid="share-stop">
        {t('share.stop')}
      </Button>
    </aside>
  );
}
