/** Ending the meeting for everybody is asked once more. */
import { Button } from '../components/Button';
import { Dialog } from '../components/Dialog';
import type { CallView } from './call-view';
import { t } from '../texts';

export function EndDialog({ view, onClose }: { view: CallView; onClose: () => void }) {
  const end = () => {
    onClose();
    view.moderate(view.call.meeting.endForAll(), '');
  };
  return (
    <Dialog title={t('end.title')} onClose={onClose} testid="end-dialog">
      <p>{t('end.text')}</p>
      <div class="alone-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button kind="danger" onClick={end} testid="end-confirm">
          {t('end.confirm')}
        </Button>
      </div>
    </Dialog>
  );
}
