/** One check: its state, its sentence, its advice, its numbers, and a way to run it again. */
import { RotateCw } from 'lucide';
import type { CheckState } from '../../lib/check/types';
import { IconButton } from '../components/IconButton';
import { DetailList } from './DetailList';
import { ScreenControls } from './ScreenControls';
import type { CheckSession } from './session';
import { SpeakerControls } from './SpeakerControls';
import { StatusIcon } from './StatusIcon';
import { say, t } from './texts';

/** The rows that bring their own button. */
const HAVE_CONTROLS = ['speaker', 'screen-share'];

export function CheckRow({ session, state }: { session: CheckSession; state: CheckState }) {
  const { id, status, outcome } = state;
  const title = t(`title.${id}`);
  const details = Object.entries(outcome?.details ?? {});
  const repeatable = outcome !== null && !session.busy.value && !HAVE_CONTROLS.includes(id);
  return (
    <li class="check-row" id={`check-${id}`} data-testid={`check-${id}`} data-status={status}>
      <StatusIcon status={status} />
      <div class="check-row-body">
        <h3>{title}</h3>
        {outcome && <p class="check-verdict">{say(outcome.verdict)}</p>}
        {outcome?.advice && <p class="check-advice">{say(outcome.advice)}</p>}
        {id === 'camera' && <div class="check-preview" ref={(element) => void (session.previewPlace = element)} />}
        {id === 'speaker' && <SpeakerControls session={session} running={status === 'running'} />}
        {id === 'screen-share' && <ScreenControls session={session} />}
        {details.length > 0 && (
          <details class="check-details">
            <summary>{t('row.details')}</summary>
            <DetailList details={details} />
          </details>
        )}
      </div>
      {repeatable && (
        <IconButton icon={RotateCw} label={t('row.again-named', { title })} onClick={() => void session.again(id)} testid={`check-again-${id}`} />
      )}
    </li>
  );
}
