/** Begins and ends the recording of the room. */
import { Circle, Square } from 'lucide';
import { Button } from '../components/Button';
import type { CallView } from './call-view';
import { t } from '../texts';

export function RecordButton({ view }: { view: CallView }) {
  const { meeting } = view.call;
  const goesOn = meeting.room.value.recording !== undefined;
  const act = () => view.moderate(meeting.record(!goesOn), t(goesOn ? 'done.record.off' : 'done.record.on'));
  return (
    <>
      <Button icon={goesOn ? Square : Circle} pressed={goesOn} onClick={act} title={t('record.text')} testid="record">
        {t(goesOn ? 'record.stop' : 'record.start')}
      </Button>
      {!meeting.mayModerate.value && view.refusal.value && <p class="host-refusal small">{view.refusal.value}</p>}
    </>
  );
}
