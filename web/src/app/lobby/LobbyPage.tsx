/** Be ready: see yourself, hear that the microphone works, press Join. */
import './lobby.css';
import { useState } from 'preact/hooks';
import { Mic, MicOff, Video as VideoIcon, VideoOff } from 'lucide';
import { Avatar } from '../components/Avatar';
import { Button } from '../components/Button';
import { DevicePickers } from '../components/DevicePickers';
import { DeviceProblems } from '../components/DeviceProblems';
import { MicMeter } from '../components/MicMeter';
import { PageShell } from '../components/PageShell';
import { TextField } from '../components/TextField';
import { Toggle } from '../components/Toggle';
import { Video } from '../components/Video';
import { ConnectionLine } from './ConnectionLine';
import type { LocalMedia } from '../../lib/local-media';
import { t } from '../texts';

const NAME_LENGTH_MAX = 60;

export interface LobbyPageProps {
  room: string;
  media: LocalMedia;
  name: string;
  /** Why the last try to join came to nothing. */
  problem?: string | undefined;
  /** Who may test the way to the media server; undefined where calls do not leave this page. */
  checks: { token: string | null } | undefined;
  onJoin: (name: string) => void;
}

export function LobbyPage({ room, media, name: rememberedName, problem, checks, onJoin }: LobbyPageProps) {
  const [name, setName] = useState(rememberedName);
  const join = (event: Event) => {
    event.preventDefault();
    onJoin(name.trim());
  };
  return (
    <PageShell>
      <div class="lobby">
        <Preview media={media} name={name} />
        <form class="lobby-form" onSubmit={join}>
          <div>
            <p class="quiet small">{t('lobby.title')}</p>
            <h1 class="lobby-room">{room}</h1>
          </div>
          <TextField label={t('lobby.name')} value={name} onInput={setName} maxLength={NAME_LENGTH_MAX} placeholder={t('lobby.name.hint')} autocomplete="name" testid="name" />
          <Button kind="primary" size="large" type="submit" testid="join">
            {t(joinText(media))}
          </Button>
          {problem && <p role="alert">{problem}</p>}
          <DeviceProblems media={media} />
          <DevicePickers media={media} />
          <div class="small">
            {checks && <ConnectionLine token={checks.token} />}
            <a class="lobby-check" href="/check" target="_blank" rel="noopener">
              {t('check.link')}
            </a>
          </div>
        </form>
      </div>
    </PageShell>
  );
}

/** Says it when one would join without being heard or seen for want of devices. */
function joinText(media: LocalMedia): 'lobby.join' | 'lobby.join.listen' {
  const { audio, video } = media.problem.value;
  return audio && (video || !media.cameraOn.value) ? 'lobby.join.listen' : 'lobby.join';
}

function Preview({ media, name }: { media: LocalMedia; name: string }) {
  const camera = media.camera.value;
  const micOn = media.state.value.audio;
  const cameraOn = media.cameraOn.value && camera !== null;
  return (
    <div class="preview">
      <div class="preview-frame">
        {cameraOn && camera ? (
          <Video tracks={[camera]} label={t('self.picture')} class={media.facing.value === 'user' ? 'mirrored' : ''} testid="local-video" />
        ) : (
          <div class="preview-empty">
            {media.asking.value ? <p>{t('lobby.asking')}</p> : <Avatar name={name} />}
          </div>
        )}
        <div class="preview-controls">
          <Toggle
            icon={micOn ? Mic : MicOff}
            look={micOn ? 'plain' : 'off'}
            pressed={!micOn}
            label={t(micOn ? 'mic.mute' : 'mic.unmute')}
            onClick={() => void media.setMicrophone(!micOn)}
            testid="mic"
          />
          <Toggle
            icon={cameraOn ? VideoIcon : VideoOff}
            look={cameraOn ? 'plain' : 'off'}
            pressed={!cameraOn}
            label={t(cameraOn ? 'camera.stop' : 'camera.start')}
            onClick={() => void media.setCamera(!cameraOn)}
            testid="camera"
          />
        </div>
      </div>
      <div class="preview-mic small quiet">
        <span>{t(micOn ? 'lobby.speak' : media.microphone.value ? 'lobby.muted' : 'lobby.nomic')}</span>
        <MicMeter track={micOn ? media.microphone.value : null} />
      </div>
    </div>
  );
}
