/** A picture without sound, from tracks. Sound has its own element: browsers hold back sound, never a silent picture. */
import { useEffect, useRef } from 'preact/hooks';

export interface VideoProps {
  tracks: readonly MediaStreamTrack[];
  label: string;
  class?: string;
  testid?: string;
}

export function Video({ tracks, label, class: className, testid }: VideoProps) {
  const element = useRef<HTMLVideoElement>(null);
  const pictures = tracks.filter((track) => track.kind === 'video');
  const key = pictures.map((track) => track.id).join();
  useEffect(() => {
    const video = element.current;
    if (!video) return;
    video.srcObject = pictures.length > 0 ? new MediaStream(pictures) : null;
    if (pictures.length > 0) void video.play().catch(() => undefined);
  }, [key]);
  return <video ref={element} class={className} aria-label={label} autoplay playsInline muted data-testid={testid} />;
}
