/** Says that something is on air. */
import { t } from './texts';

export function OnAirMark() {
  return (
    <span class="on-air" data-testid="on-air">
      {t('watch.on-air')}
    </span>
  );
}
