/** A name to show for everybody, also for those who gave none. */
import { t } from '../texts';

export function displayName(name: string): string {
  return name.trim() || t('guest');
}
