/** Those who knocked: let in one by one, or all. */
import { Button } from '../components/Button';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { t } from '../texts';

export function WaitingList({ view }: { view: CallView }) {
  const { meeting } = view.call;
  const { waiting } = meeting.room.value;
  if (waiting.length === 0) return null;
  return (
    <section class="people-waiting" data-testid="waiting-list">
      <h3>{t('waiting.list', { n: waiting.length })}</h3>
      <ul>
        {waiting.map(({ uid, name }) => (
          <li key={uid} class="person">
            <span class="person-words person-name">{displayName(name)}</span>
            <Button kind="quiet" onClick={() => view.moderate(meeting.deny(uid), t('done.deny', { name: displayName(name) }))} title={t('knock.deny.of', { name: displayName(name) })} testid="deny">
              {t('knock.deny')}
            </Button>
            <Button onClick={() => view.moderate(meeting.admit(uid), t('done.admit', { name: displayName(name) }))} title={t('knock.admit.of', { name: displayName(name) })} testid="admit">
              {t('knock.admit')}
            </Button>
          </li>
        ))}
      </ul>
      {waiting.length > 1 && (
        <Button kind="primary" onClick={() => view.moderate(meeting.admit(), t('done.admit.all'))} testid="admit-all">
          {t('knock.admit.all')}
        </Button>
      )}
    </section>
  );
}
