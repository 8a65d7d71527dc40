/** Everything that is heard, whoever is seen. Sound has elements of its own: a tile may be on another page. */
import { useEffect, useRef } from 'preact/hooks';
import type { CallView } from './call-view';

export function Voices({ view }: { view: CallView }) {
  const others = view.call.participants.value;
  const served = view.call.topology.session.value?.voices.value ?? [];
  // While the room turns from one way to the other, a voice comes by both; it is heard by one.
  const direct = new Set(others.filter((participant) => participant.path.value === 'direct').map((participant) => participant.uid));
  return (
    <>
      {others.map((participant) => (
        <Sound key={`voice ${participant.uid}`} view={view} tracks={participant.sounds.value} />
      ))}
      {others.map((participant) => (
        <Sound key={`screen ${participant.uid}`} view={view} tracks={participant.screenSounds.value} />
      ))}
      {served.map(({ track, uid }) => (
        <Sound key={track.id} view={view} tracks={[track]} muted={uid === undefined ? direct.size > 0 : direct.has(uid)} />
      ))}
    </>
  );
}

function Sound({ view, tracks, muted = false }: { view: CallView; tracks: readonly MediaStreamTrack[]; muted?: boolean }) {
  const element = useRef<HTMLAudioElement>(null);
  const key = tracks.map((track) => track.id).join();
  const speaker = view.call.media.choice.value.speaker;
  useEffect(() => {
    const audio = element.current;
    if (!audio || tracks.length === 0) return;
    audio.srcObject = new MediaStream([...tracks]);
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
  }, [speaker, tracks.length > 0]);
  return tracks.length > 0 ? <audio ref={element} autoplay muted={muted} data-testid="remote-audio" /> : null;
}
