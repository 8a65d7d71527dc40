/** Turns the pages of a list whose pages begin behind something. */
import type { Signal } from '@preact/signals';
import { Button } from '../components/Button';
import { t } from './texts';

/** `starts` has what each page but the first begins behind, up to the one that is shown. */
export function Pages({ starts, next }: { starts: Signal<readonly string[]>; next: string | null }) {
  if (starts.value.length === 0 && next === null) return null;
  return (
    <div class="admin-pages">
      <Button disabled={starts.value.length === 0} onClick={() => (starts.value = starts.value.slice(0, -1))}>
        {t('pages.back')}
      </Button>
      <Button disabled={next === null} onClick={() => next !== null && (starts.value = [...starts.value, next])}>
        {t('pages.on')}
      </Button>
    </div>
  );
}
