/** What is sent, and what of it is on. */
import { Mic, MicOff, Monitor, MonitorOff, Video as VideoIcon, VideoOff } from 'lucide';
import { MicMeter } from '../components/MicMeter';
import { Toggle } from '../components/Toggle';
import { Video } from '../components/Video';
import { OnAirMark } from '../live/OnAirMark';
import { span } from '../live/texts';
import { RecordingMark } from './StudioRecording';
import type { StudioSession } from './studio-session';
import { t } from './texts';

export function StudioPicture({ session }: { session: StudioSession }) {
  const { media, picture, source } = session;
  const mirrored = source.value === 'camera' && media.facing.value === 'user';
  return (
    <div class="studio-stage">
      <div class="studio-picture">
        {picture.value ? (
          <Video tracks={[picture.value]} label={t('preview')} class={mirrored ? 'mirrored' : ''} testid="studio-preview" />
        ) : (
          <p class="studio-empty">{t(media.asking.value ? 'preview.asking' : 'preview.none')}</p>
        )}
        <StudioState session={session} />
        <StudioToggles session={session} />
      </div>
      <MicMeter track={media.state.value.audio ? media.microphone.value : null} />
      {source.value === 'screen' && (media.screen.value?.getAudioTracks().length ?? 0) > 0 && <p class="small quiet">{t('sound.mixed')}</p>}
    </div>
  );
}

function StudioState({ session }: { session: StudioSession }) {
  const [state, report, recorder] = [session.publisher.value?.state.value ?? 'idle', session.report.value, session.recorder.value];
  const isLive = state === 'live';
  return (
    <div class="studio-state" role="status" data-testid="studio-state" data-state={state}>
      {isLive ? <OnAirMark /> : <span>{t(state === 'connecting' ? 'state.connecting' : state === 'reconnecting' ? 'state.reconnecting' : 'state.off')}</span>}
      {isLive && report && <span data-testid="studio-viewers">{t('watching', { n: report.viewers })}</span>}
      {isLive && report && <span aria-hidden="true">{t('since', { span: span(Date.now() - report.since) })}</span>}
      {recorder && <RecordingMark recorder={recorder} />}
    </div>
  );
}

function StudioToggles({ session }: { session: StudioSession }) {
  const { media, source } = session;
  const [micOn, cameraOn, showsScreen] = [media.state.value.audio, media.state.value.video, source.value === 'screen'];
  const canShow = typeof navigator.mediaDevices?.getDisplayMedia === 'function';
  return (
    <div class="studio-toggles">
      <Toggle icon={micOn ? Mic : MicOff} look={micOn ? 'plain' : 'off'} pressed={!micOn} label={t(micOn ? 'mic.on' : 'mic.off')} onClick={() => void media.setMicrophone(!micOn)} testid="mic" />
      <Toggle icon={cameraOn ? VideoIcon : VideoOff} look={cameraOn ? 'plain' : 'off'} pressed={!cameraOn} label={t(cameraOn ? 'camera.on' : 'camera.off')} onClick={() => void media.setCamera(!cameraOn)} testid="camera" />
      {canShow && (
        <Toggle icon={showsScreen ? MonitorOff : Monitor} look={showsScreen ? 'active' : 'plain'} pressed={showsScreen} label={t(showsScreen ? 'screen.stop' : 'source.screen')} onClick={() => void session.choose(showsScreen ? 'camera' : 'screen')} testid="studio-screen" />
      )}
    </div>
  );
}
