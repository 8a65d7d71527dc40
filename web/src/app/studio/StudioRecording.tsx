/** Records what is on air, where the server keeps recordings and this person may make them. */
import { CircleDot, CircleStop, ExternalLink } from 'lucide';
import type { StreamRecorder } from '../../lib/live/stream-recorder';
import { Button } from '../components/Button';
import { Icon } from '../components/Icon';
import { dateLocale } from '../preferences';
import { recordingTrouble, t } from './texts';

export function StudioRecording({ recorder, onFollow }: { recorder: StreamRecorder; onFollow: () => void }) {
  const [state, problem] = [recorder.state.value, recorder.problem.value];
  const isUnderWay = state !== 'idle';
  if (state === 'closed' && problem === undefined) return null;
  return (
    <section class="studio-recording" aria-label={t('record.title')} data-testid="studio-recording" data-state={state}>
      {state !== 'closed' && (
        <div>
          <Button
            icon={isUnderWay ? CircleStop : CircleDot}
            disabled={state === 'stopping'}
            onClick={() => void (isUnderWay ? recorder.stop() : recorder.start())}
            testid={isUnderWay ? 'studio-record-stop' : 'studio-record'}
          >
            {t(isUnderWay ? 'record.stop' : 'record')}
          </Button>
          {/* Beside the studio, for leaving the studio ends the stream; as its opener it hands on what this tab remembers. */}
          <a href="/recordings" target="_blank" rel="opener" onClick={onFollow} data-testid="studio-recordings">
            <span>{t('record.all')}</span>
            <Icon icon={ExternalLink} size={16} />
          </a>
        </div>
      )}
      {problem && (
        <p class="studio-problem" role="alert" data-testid="studio-record-problem" data-problem={problem}>
          {recordingTrouble(problem)}
        </p>
      )}
    </section>
  );
}

/** Says in the picture that it is recorded. */
export function RecordingMark({ recorder }: { recorder: StreamRecorder }) {
  const [state, since] = [recorder.state.value, recorder.since.value];
  if (state === 'starting') return <span>{t('record.starting')}</span>;
  if (since === undefined) return null;
  const time = new Date(since).toLocaleTimeString(dateLocale(), { timeStyle: 'short' });
  return (
    <span class="studio-recording-mark" data-testid="studio-recording-mark">
      {t('record.since', { time })}
    </span>
  );
}
