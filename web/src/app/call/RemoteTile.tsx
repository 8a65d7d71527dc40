/** Another member: picture or initials, sound, name, and what is the matter with the line. */
import { useEffect, useRef } from 'preact/hooks';
import { MicOff, RefreshCw, Unplug, VideoOff } from 'lucide';
import { Avatar } from '../components/Avatar';
import { Icon } from '../components/Icon';
import { Video } from '../components/Video';
import type { Participant } from '../../lib/participant';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { t } from '../texts';

export function RemoteTile({ view, participant }: { view: CallView; participant: Participant }) {
  const name = displayName(participant.name.value);
  const link = participant.shown.value;
  const tracks = link?.media.value ?? [];
  const pictureOn = participant.videoOn.value;
  const trouble = troubleOf(participant);
  return (
    <article class="tile" data-speaking={participant.speaking.value} data-testid="remote-tile" aria-label={name}>
      <Video tracks={pictureOn ? tracks : []} label={t('picture.of', { name })} class={pictureOn ? '' : 'hidden-picture'} testid="remote-video" />
      {!pictureOn && (
        <div class="tile-empty">
          <Avatar name={participant.name.value} />
        </div>
      )}
      <Sound view={view} tracks={tracks} />
      <Sound view={view} tracks={link?.screen.value ?? []} />
      {trouble && (
        <div class="tile-trouble" role="status" data-testid={`tile-${trouble}`}>
          <Icon icon={trouble === 'failed' ? Unplug : RefreshCw} />
          {t(`tile.${trouble}`, { name })}
        </div>
      )}
      <div class="tile-name">
        <span data-testid="peer-name">{name}</span>
        {!participant.audioOn.value && (
          <span class="tile-mark" title={t('peer.muted', { name })} data-testid="peer-muted">
            <Icon icon={MicOff} size={16} />
            <span class="visually-hidden">{t('peer.muted', { name })}</span>
          </span>
        )}
        {participant.said.value?.video === false && (
          <span class="tile-mark" title={t('peer.camera-off', { name })} data-testid="peer-camera-off">
            <Icon icon={VideoOff} size={16} />
            <span class="visually-hidden">{t('peer.camera-off', { name })}</span>
          </span>
        )}
      </div>
    </article>
  );
}

/** Their trouble, or that of the path between us; our own lost server connection is a notice of the page. */
function troubleOf(participant: Participant): 'connecting' | 'reconnecting' | 'failed' | undefined {
  const state = participant.linkState.value;
  if (participant.connection.value === 'reconnecting' || participant.missing.value) return 'reconnecting';
  return state === 'connected' || state === 'closed' ? undefined : state;
}

function Sound({ view, tracks }: { view: CallView; tracks: readonly MediaStreamTrack[] }) {
  const element = useRef<HTMLAudioElement>(null);
  const sounds = tracks.filter((track) => track.kind === 'audio');
  const key = sounds.map((track) => track.id).join();
  const speaker = view.call.media.choice.value.speaker;
  useEffect(() => {
    const audio = element.current;
    if (!audio || sounds.length === 0) return;
    audio.srcObject = new MediaStream(sounds);
    view.play(audio);
    return () => {
      view.forgetSound(audio);
      audio.srcObject = null;
    };
  }, [key]);
  useEffect(() => {
    const audio = element.current;
    // A speaker that was unplugged: the browser's own choice stays.
    if (audio && 'setSinkId' in audio) void audio.setSinkId(speaker).catch(() => undefined);
  }, [speaker, sounds.length > 0]);
  return sounds.length > 0 ? <audio ref={element} autoplay data-testid="remote-audio" /> : null;
}
