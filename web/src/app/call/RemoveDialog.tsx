/** Taking somebody out of the meeting is asked once more: a slip in a menu would do it before everybody. */
import { useEffect } from 'preact/hooks';
import { Button } from '../components/Button';
import { Dialog } from '../components/Dialog';
import type { CallView, Removal } from './call-view';
import { displayName } from './display-name';
import { t } from '../texts';

export function RemoveDialog({ view, removal }: { view: CallView; removal: Removal }) {
  const { uid, ban } = removal;
  const participant = view.call.participants.value.find((other) => other.uid === uid);
  const close = () => view.askToRemove(undefined);
  // Who has left meanwhile need not be removed; kept out they can be.
  const over = !participant && !ban;
  useEffect(() => {
    if (over) close();
  }, [over]);
  const name = displayName(participant?.name.value ?? removal.name);
  const remove = () => {
    close();
    view.moderate(view.call.meeting.remove(uid, ban), t('done.remove', { name }));
  };
  return (
    <Dialog title={t('remove.title', { name })} onClose={close} testid="remove-dialog">
      <p>{t(ban ? 'remove.text.ban' : 'remove.text')}</p>
      <div class="alone-actions">
        <Button onClick={close}>{t('cancel')}</Button>
        <Button kind="danger" onClick={remove} testid="remove-confirm">
          {t('remove.confirm')}
        </Button>
      </div>
    </Dialog>
  );
}
