/** What is done to people in a room is asked once more, and said when it could not be done. */
import { useSignal } from '@preact/signals';
import { ApiProblem } from '../../lib/admin/api';
import { Button } from '../components/Button';
import { Dialog } from '../components/Dialog';
import { t, word } from './texts';

export interface Deed {
  title: string;
  text: string;
  confirm: string;
  danger?: boolean;
  /** A box to tick, and what it says. */
  option?: string;
  act: (option: boolean) => Promise<void>;
}

export function Confirm({ deed, onClose, onDone }: { deed: Deed; onClose: () => void; onDone: () => void }) {
  const option = useSignal(false);
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const act = () => {
    busy.value = true;
    deed.act(option.value).then(
      () => {
        onClose();
        onDone();
      },
      (error: unknown) => {
        busy.value = false;
        problem.value = word('problem', error instanceof ApiProblem ? error.code : 'no-answer');
      },
    );
  };
  return (
    <Dialog title={deed.title} onClose={onClose} testid="admin-confirm">
      <p>{deed.text}</p>
      {deed.option && (
        <label class="admin-option">
          <input type="checkbox" checked={option.value} onChange={(event) => (option.value = event.currentTarget.checked)} data-testid="admin-option" />
          {deed.option}
        </label>
      )}
      <p class="admin-trouble" role="alert">
        {problem.value}
      </p>
      <div class="admin-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button kind={deed.danger ? 'danger' : 'primary'} disabled={busy.value} onClick={act} testid="admin-do">
          {deed.confirm}
        </Button>
      </div>
    </Dialog>
  );
}
