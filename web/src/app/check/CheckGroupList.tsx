/** The checks of one group under their heading. */
import { useId } from 'preact/hooks';
import type { CheckGroup } from '../../lib/check/types';
import { CheckRow } from './CheckRow';
import type { CheckSession } from './session';
import { t } from './texts';

export function CheckGroupList({ session, group }: { session: CheckSession; group: CheckGroup }) {
  const heading = useId();
  const states = session.states.value.filter((state) => state.group === group);
  return (
    <section aria-labelledby={heading} data-testid={`check-group-${group}`}>
      <h2 id={heading} class="check-group-title">
        {t(`group.${group}`)}
      </h2>
      <ul class="check-list">
        {states.map((state) => (
          <CheckRow key={state.id} session={session} state={state} />
        ))}
      </ul>
    </section>
  );
}
