/** Opens the language and theme choice. */
import { useState } from 'preact/hooks';
import { Settings2 } from 'lucide';
import { Dialog } from './Dialog';
import { IconButton } from './IconButton';
import { PreferenceFields } from './PreferenceFields';
import { t } from '../texts';

export function PreferencesButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <IconButton icon={Settings2} label={t('preferences')} onClick={() => setOpen(true)} testid="preferences" />
      {open && (
        <Dialog title={t('preferences')} onClose={() => setOpen(false)} testid="preferences-dialog">
          <PreferenceFields />
        </Dialog>
      )}
    </>
  );
}
