/** Switches the shortcuts of a single key off, and on again. */
import type { CallView } from './call-view';
import { t } from '../texts';

export function LetterKeysField({ view }: { view: CallView }) {
  return (
    <label class="letter-keys">
      <input type="checkbox" checked={view.letterKeys.value} onChange={view.toggleLetterKeys} data-testid="letter-keys" />
      {t('keys.letters')}
    </label>
  );
}
