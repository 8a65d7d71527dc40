/**
 * A picture without sound, from tracks. Sound has its own element: browsers hold back sound, never a silent picture.
 * When another track takes its place, the old one stays until the new one has a picture to show.
 */
import { useEffect, useRef, useState } from 'preact/hooks';

export interface VideoProps {
  tracks: readonly MediaStreamTrack[];
  label: string;
  class?: string;
  testid?: string;
}

interface Picture {
  key: string;
  tracks: readonly MediaStreamTrack[];
}

export function Video({ tracks, label, class: className, testid }: VideoProps) {
  const pictures = tracks.filter((track) => track.kind === 'video');
  const wanted: Picture = { key: pictures.map((track) => track.id).join(), tracks: pictures };
  const [kept, keep] = useState<Picture>(wanted);
  // From nothing, or to nothing, there is nothing to bridge.
  const shown = kept.key === '' || wanted.key === '' ? wanted : kept;
  if (shown !== kept && shown.key !== kept.key) keep(shown);
  return (
    <>
      <Element key={shown.key} picture={shown} label={label} class={className} testid={testid} />
      {shown.key !== wanted.key && <Element key={wanted.key} picture={wanted} label={label} class={`${className ?? ''} video-next`} onPicture={() => keep(wanted)} />}
    </>
  );
}

interface ElementProps {
  picture: Picture;
  label: string;
  class: string | undefined;
  testid?: string | undefined;
  onPicture?: () => void;
}

function Element({ picture, label, class: className, testid, onPicture }: ElementProps) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (!video) return;
    video.srcObject = picture.tracks.length > 0 ? new MediaStream([...picture.tracks]) : null;
    if (picture.tracks.length > 0) void video.play().catch(() => undefined);
  }, [picture.key]);
  return <video ref={element} class={className} aria-label={label} autoplay playsInline muted onLoadedData={onPicture} data-testid={testid} />;
}
