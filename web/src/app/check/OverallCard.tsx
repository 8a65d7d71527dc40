/** The verdict in one sentence, what to do first, and the button that starts it all. */
import { Play, RotateCw, Square } from 'lucide';
import { clauses, overall, unsure, type Overall } from '../../lib/check/overall';
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
      return unsure(found) ? t('overall.unsure') : t('overall.limited', { clause });
    case 'blocked':
      return t('overall.blocked', { clause });
  }
}

/** The checks whose advice is worth reading first, each piece of advice once. */
function adviceOf({ because }: Overall, states: readonly CheckState[]): readonly CheckState[] {
  const advised = because.flatMap(({ id }) => states.filter((state) => state.id === id && state.outcome?.advice));
  const first = (state: CheckState) => advised.find(({ outcome }) => outcome?.advice?.key === state.outcome?.advice?.key);
  return advised.filter((state) => first(state) === state).slice(0, ADVICE_MAX);
}

export function OverallCard({ session }: { session: CheckSession }) {
  const states = session.states.value;
  const busy = session.busy.value;
  const found = busy ? { verdict: 'running' as const, because: [] } : overall(states);
  const advised = adviceOf(found, states);
  return (
    <section class="check-overall" data-testid="check-overall" data-verdict={found.verdict}>
      {session.started.value ? (
        <p class="check-sentence" role="status">
          <StatusIcon status={MARK[found.verdict]} size={28} silent />
          <span>{sentence(found, states, session.partial)}</span>
        </p>
      ) : (
        <div class="check-intro">
          <h2>{t('page.headline')}</h2>
          <p>{t('page.intro')}</p>
          {session.groups.includes('media') && <p class="quiet">{t('page.asks')}</p>}
        </div>
      )}
      {busy && <progress class="check-progress" max={states.length} value={states.filter(({ durationMs }) => durationMs !== null).length} aria-label={t('status.running')} />}
      {advised.length > 0 && <Advice states={advised} />}
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
