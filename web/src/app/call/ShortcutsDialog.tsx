/** The keys of the call page. */
import { Dialog } from '../components/Dialog';
import type { CallView } from './call-view';
import { LetterKeysField } from './LetterKeysField';
import { SHORTCUTS } from './shortcuts';
import { t } from '../texts';

export function ShortcutsDialog({ view, onClose }: { view: CallView; onClose: () => void }) {
  return (
    <Dialog title={t('keys.open')} onClose={onClose} testid="shortcuts-dialog">
      <dl class="shortcuts">
        {SHORTCUTS.map(({ keys, text }) => (
          <div key={text}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(text)}</dd>
          </div>
        ))}
      </dl>
      <LetterKeysField view={view} />
    </Dialog>
  );
}
