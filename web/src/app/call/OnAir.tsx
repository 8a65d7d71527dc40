/** Says to everybody in the room that others watch it, and that it is recorded. It does not fade: nobody is watched or recorded without seeing it. */
import { CircleDot, Eye } from 'lucide';
import { Icon } from '../components/Icon';
import type { CallView } from './call-view';
import { t } from '../texts';

export function OnAir({ view }: { view: CallView }) {
  const { stream, viewers, recording } = view.call.meeting.room.value;
  if (stream === 'off' && !recording) return null;
  return (
    <div class="call-marks" role="status">
      {recording && <Recording view={view} />}
      {stream !== 'off' && (
        <p class="call-mark" title={t(stream === 'open' ? 'onair.open' : 'onair.token')} data-testid="on-air">
          <Icon icon={Eye} size={16} />
          {t('onair.viewers', { n: viewers })}
        </p>
      )}
    </div>
  );
}

/** That the room is recorded; and where members are asked, the question, which stays until it is answered, and can be answered again. */
function Recording({ view }: { view: CallView }) {
  const { meeting } = view.call;
  const recording = meeting.room.value.recording;
  if (!recording) return null;
  const { name, consent, agreed } = recording;
  const answer = (on: boolean) => view.moderate(meeting.consent(on), t(on ? 'consent.done' : 'consent.withdrawn'));
  return (
    <p class="call-mark call-mark-recording" title={name ? t('recording.by', { name }) : t('recording.text')} data-testid="recording" data-agreed={agreed}>
      <Icon icon={CircleDot} size={16} />
      {consent && !agreed ? t('consent.question') : t('recording.mark')}
      {consent && (
        <button type="button" class="call-mark-answer" onClick={() => answer(!agreed)} data-testid="consent">
          {t(agreed ? 'consent.withdraw' : 'consent.agree')}
        </button>
      )}
    </p>
  );
}
