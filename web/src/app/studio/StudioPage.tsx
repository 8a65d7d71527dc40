/** Goes on air from this browser: what is sent, how fine, and how it does. */
import '../live/live.css';
import './studio.css';
import { useEffect, useMemo } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { Radio, Square } from 'lucide';
import { LiveApi } from '../../lib/live/api';
import { QUALITIES } from '../../lib/live/broadcast-quality';
import { NAME_BYTES_MAX, parseTypedName } from '../../lib/live/stream-name';
import { Button } from '../components/Button';
import { DevicePickers } from '../components/DevicePickers';
import { DeviceProblems } from '../components/DeviceProblems';
import { PageShell } from '../components/PageShell';
import { Select } from '../components/Select';
import { TextField } from '../components/TextField';
import { TokenForm } from '../live/TokenForm';
import { inBits } from '../live/format';
import { enterToken, takeFromAddress, token } from '../live/token';
import { t as liveText } from '../live/texts';
import { useInfo } from '../live/use-info';
import { useTitle } from '../live/use-title';
import { recall, remember } from '../preferences';
import { ShareLinks } from './ShareLinks';
import { StudioFigures } from './StudioFigures';
import { StudioPicture } from './StudioPicture';
import { StudioRecording } from './StudioRecording';
import { StudioTargets } from './StudioTargets';
import { StudioSession } from './studio-session';
import { refusal, t } from './texts';

export function StudioPage() {
  useMemo(takeFromAddress, []);
  useTitle(t('title'));
  const given = token.value;
  const info = useInfo(useMemo(() => new LiveApi(given), [given]));
  if (info?.publish === 'off') return <Refused problem="switched-off" />;
  if (info?.publish === 'token' && given === undefined) return <Refused problem="token-needed" />;
  return info ? <Studio key={given} rtmpPort={info.rtmpPort} given={given} /> : <PageShell>{null}</PageShell>;
}

function Refused({ problem }: { problem: string }) {
  return (
    <PageShell>
      <div class="studio-refused">
        <h1>{t('title')}</h1>
        <TokenForm problem={problem} text={liveText('token.text.publish')} />
      </div>
    </PageShell>
  );
}

function Studio({ rtmpPort, given }: { rtmpPort: number | null; given: string | undefined }) {
  const session = useMemo(() => new StudioSession(given), [given]);
  useEffect(() => {
    session.start();
    return () => session.stop();
  }, [session]);
  return (
    <PageShell>
      <div class="studio">
        <h1 class="visually-hidden">{t('title')}</h1>
        <StudioPicture session={session} />
        <div class="studio-side">{session.isOnAir.value ? <OnAir session={session} rtmpPort={rtmpPort} given={given} /> : <Beginning session={session} />}</div>
      </div>
    </PageShell>
  );
}

/** Before it begins. */
function Beginning({ session }: { session: StudioSession }) {
  const typed = useSignal(new URLSearchParams(location.search).get('stream') ?? recall('studio.name') ?? 'lesson');
  const name = parseTypedName(typed.value);
  const publisher = session.publisher.value;
  const problem = publisher?.state.value === 'refused' ? publisher.problem.value : undefined;
  const go = (event: Event) => {
    event.preventDefault();
    if (!name) return;
    remember('studio.name', typed.value.trim());
    session.goLive(name);
  };
  const isSilent = session.media.microphone.value === null;
  return (
    <form class="studio-form" onSubmit={go}>
      <TextField label={t('name')} value={typed.value} onInput={(value) => (typed.value = value)} maxLength={NAME_BYTES_MAX} {...(!name && { invalid: t('name.wrong') })} testid="studio-name" />
      <QualityChoice session={session} />
      <DeviceProblems media={session.media} />
      <DevicePickers media={session.media} speaker={false} />
      {problem && (
        <p class="studio-problem" role="alert" data-testid="studio-problem" data-problem={problem}>
          {refusal(problem)}
        </p>
      )}
      <Button kind="primary" size="large" type="submit" icon={Radio} disabled={!name || (isSilent && session.picture.value === null)} testid="studio-go">
        {t(isSilent ? 'go.silent' : 'go')}
      </Button>
    </form>
  );
}

function OnAir({ session, rtmpPort, given }: { session: StudioSession; rtmpPort: number | null; given: string | undefined }) {
  const [name, publisher, recorder, targets] = [session.name.value, session.publisher.value, session.recorder.value, session.targets.value];
  return (
    <>
      <Button kind="danger" size="large" icon={Square} onClick={() => session.end()} testid="studio-end">
        {t('end')}
      </Button>
      {recorder && <StudioRecording recorder={recorder} onFollow={() => given !== undefined && enterToken(given)} />}
      {publisher && <StudioFigures publisher={publisher} />}
      <QualityChoice session={session} />
      {targets && <StudioTargets targets={targets} />}
      {name && <ShareLinks name={name} rtmpPort={rtmpPort} />}
    </>
  );
}

function QualityChoice({ session }: { session: StudioSession }) {
  const options = QUALITIES.map(({ height, kbps }) => ({ value: String(height), label: t('quality.value', { height, rate: inBits(kbps) }) }));
  return <Select label={t('quality')} value={String(session.quality.value.height)} options={options} onSelect={(height) => session.chooseQuality(Number(height))} testid="studio-quality" />;
}
