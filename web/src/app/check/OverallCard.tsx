/** The verdict in one sentence, what to do first, and the button that starts it all. */
import { Play, RotateCw, Square } from 'lucide';
import { clauses, overall, type Overall } from '../../lib/check/overall';
import type { CheckState } from '../../lib/check/types';
import { Button } from '../components/Button';
import type { CheckSession } from './session';
import { StatusIcon } from './StatusIcon';
import { say, t } from './texts';

/** More would be the list itself. */
const ADVICE_MAX = 3;

const MARK = { idle: 'pending', running: 'running', ready: 'pass', limited: 'warn', blocked: 'fail' } as const;

function sentence(found: Overall, states: readonly CheckState[], partial: boolean): string {
  const [first, second] = clauses(found).map((key) => t(key));
  const clause = first && second ? t('clause.and', { first, second }) : (first ?? '');
  switch (found.verdict) {
    case 'idle':
      return t('overall.idle');
    case 'running': {
      const done = states.filter(({ status }) => status !== 'pending' && status !== 'running').length;
      return t('overall.running', { done, total: states.length });
    }
    case 'ready':
      return t(partial ? 'overall.ready-part' : 'overall.ready');
    case 'limited':
      return t('overall.limited', { clause });
    case 'blocked':
      return t('overall.blocked', { clause });
  }
}

export function OverallCard({ session }: { session: CheckSession }) {
  const states = session.states.value;
  const busy = session.busy.value;
  const found = busy ? { verdict: 'running' as const, because: [] } : overall(states);
  const advised = found.because
    .map(({ id }) => states.find((state) => state.id === id))
    .filter((state) => state?.outcome?.advice)
    .slice(0, ADVICE_MAX);
  return (
    <section class="check-overall" data-testid="check-overall" data-verdict={found.verdict}>
      {session.started.value ? (
        <p class="check-sentence" role="status">
          <StatusIcon status={MARK[found.verdict]} size={28} silent />
          <span>{sentence(found, states, session.partial)}</span>
        </p>
      ) : (
        <div class="check-intro">
          <p>{t('page.intro')}</p>
          <p class="quiet">{t('page.asks')}</p>
        </div>
      )}
      {busy && <progress class="check-progress" max={states.length} value={states.filter(({ durationMs }) => durationMs !== null).length} aria-label={t('status.running')} />}
      {advised.length > 0 && <Advice states={advised as CheckState[]} />}
      <div>
        {busy ? (
          <Button icon={Square} onClick={() => session.stop()} testid="check-stop">
            {t('page.stop')}
          </Button>
        ) : (
          <Button
            kind={session.started.value ? 'secondary' : 'primary'}
            size={session.started.value ? 'medium' : 'large'}
            icon={session.started.value ? RotateCw : Play}
            onClick={() => void session.start()}
            testid="check-start"
          >
            {t(session.started.value ? 'page.again' : 'page.start')}
          </Button>
        )}
      </div>
    </section>
  );
}

function Advice({ states }: { states: readonly CheckState[] }) {
  return (
    <div class="check-todo">
      <h2>{t('page.what-to-do')}</h2>
      <ul>
        {states.map(({ id, outcome }) => (
          <li key={id}>
            <a href={`#check-${id}`}>{t(`title.${id}`)}</a>
            <span>{outcome && say(outcome.verdict)}</span> <span class="quiet">{outcome?.advice && say(outcome.advice)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
