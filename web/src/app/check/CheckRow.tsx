/** One check: its state, its sentence, its advice; opened, its numbers. */
import { ChevronDown, RotateCw } from 'lucide';
import type { CheckState } from '../../lib/check/types';
import { Button } from '../components/Button';
import { Icon } from '../components/Icon';
import { CheckChart } from './CheckChart';
import { DetailList } from './DetailList';
import { ScreenControls } from './ScreenControls';
import type { CheckSession } from './session';
import { SpeakerControls } from './SpeakerControls';
import { StatusIcon } from './StatusIcon';
import { say, t } from './texts';

/** The rows that bring their own button. */
const HAVE_CONTROLS = ['speaker', 'screen-share'];

export function CheckRow({ session, state }: { session: CheckSession; state: CheckState }) {
  const { id, status, outcome, progress } = state;
  const details = Object.entries(outcome?.details ?? {});
  const troubled = status === 'warn' || status === 'fail';
  const chart = outcome?.chart && <CheckChart figure={outcome.chart} />;
  const again = !HAVE_CONTROLS.includes(id) && <AgainButton session={session} state={state} />;
  return (
    <li class="check-row" id={`check-${id}`} data-testid={`check-${id}`} data-status={status}>
      {details.length > 0 ? (
        <details>
          <summary class="check-head">
            <Heading state={state} />
            <Icon icon={ChevronDown} />
          </summary>
          <div class="check-inside">
            {!troubled && chart}
            <DetailList details={details} />
            {!troubled && again}
          </div>
        </details>
      ) : (
        <div class="check-head">
          <Heading state={state} />
        </div>
      )}
      <div class="check-below">
        {status === 'running' && progress !== undefined && <progress class="check-progress" value={progress} aria-label={t(`title.${id}`)} />}
        {troubled && chart}
        {outcome?.advice && <p class="check-advice">{say(outcome.advice)}</p>}
        {id === 'camera' && <div class="check-preview" ref={(element) => void (session.previewPlace = element)} />}
        {id === 'speaker' && <SpeakerControls session={session} running={status === 'running'} />}
        {id === 'screen-share' && <ScreenControls session={session} />}
        {troubled && again}
      </div>
    </li>
  );
}

function Heading({ state: { id, status, outcome } }: { state: CheckState }) {
  return (
    <>
      <StatusIcon status={status} />
      <div>
        <h3>{t(`title.${id}`)}</h3>
        {outcome && <p class="check-verdict">{say(outcome.verdict)}</p>}
      </div>
    </>
  );
}

function AgainButton({ session, state: { id } }: { session: CheckSession; state: CheckState }) {
  return (
    <Button kind="quiet" icon={RotateCw} disabled={session.busy.value} onClick={() => void session.again(id)} title={t('row.again-named', { title: t(`title.${id}`) })} testid={`check-again-${id}`}>
      {t('row.again')}
    </Button>
  );
}
