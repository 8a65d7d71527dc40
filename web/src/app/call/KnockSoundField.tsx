/** Switches the sound of a knock off, and on again. */
import type { CallView } from './call-view';
import { t } from '../texts';

export function KnockSoundField({ view }: { view: CallView }) {
  return (
    <label class="letter-keys">
      <input type="checkbox" checked={view.knockSound.value} onChange={view.toggleKnockSound} data-testid="knock-sound" />
      {t('knock.sound')}
    </label>
  );
}
