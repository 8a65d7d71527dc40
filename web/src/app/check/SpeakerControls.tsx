/** Plays a sound through the chosen loudspeaker and asks whether it was heard. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Volume2 } from 'lucide';
import { Button } from '../components/Button';
import { Select, type SelectOption } from '../components/Select';
import type { CheckSession } from './session';
import { t } from './texts';

/** Outputs to choose from; none where the browser does not let a page choose. */
function useOutputs(refresh: boolean): readonly SelectOption[] {
  const [outputs, setOutputs] = useState<readonly SelectOption[]>([]);
  useEffect(() => {
    const media = navigator.mediaDevices as MediaDevices | undefined;
    if (!media || !('setSinkId' in HTMLMediaElement.prototype)) return;
    media.enumerateDevices().then(
      (devices) => {
        const real = devices.filter(({ kind, deviceId, label }) => kind === 'audiooutput' && deviceId !== 'default' && deviceId !== '' && label !== '');
        setOutputs(real.map(({ deviceId, label }) => ({ value: deviceId, label })));
      },
      // Without a list there is the system's choice.
      () => setOutputs([]),
    );
  }, [refresh]);
  return outputs;
}

/** Brings the keyboard to the question when it is asked, and back to the first button when it is answered. */
function useFocus(asked: boolean, busy: boolean) {
  const controls = useRef<HTMLDivElement>(null);
  const answered = useRef(false);
  useEffect(() => {
    const first = controls.current?.querySelector('button');
    if (asked) first?.focus();
    else if (answered.current && !busy) first?.focus();
    answered.current = asked || (answered.current && busy);
  }, [asked, busy]);
  return controls;
}

export function SpeakerControls({ session, running }: { session: CheckSession; running: boolean }) {
  const outputs = useOutputs(session.busy.value);
  const answer = session.answer.value;
  const controls = useFocus(answer !== null, session.busy.value);
  if (answer) {
    return (
      <div class="check-controls" ref={controls} role="group" aria-label={t('speaker.question')}>
        <p>{t('speaker.question')}</p>
        <Button kind="primary" onClick={() => answer(true)} testid="check-heard-yes">
          {t('speaker.yes')}
        </Button>
        <Button onClick={() => answer(false)} testid="check-heard-no">
          {t('speaker.no')}
        </Button>
      </div>
    );
  }
  return (
    <div class="check-controls" ref={controls}>
      {outputs.length > 1 && (
        <Select
          label={t('speaker.output')}
          value={session.sinkId.value}
          options={[{ value: '', label: t('speaker.default') }, ...outputs]}
          onSelect={(value) => (session.sinkId.value = value)}
          testid="check-output"
        />
      )}
      <Button icon={Volume2} disabled={running || session.busy.value} onClick={() => void session.again('speaker')} testid="check-play">
        {t('speaker.play')}
      </Button>
    </div>
  );
}
