/**
 * A picture without sound, from tracks. Sound has its own element: browsers hold back sound, never a silent picture.
 * When another track takes its place, the old one stays until the new one has a picture to show.
 */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { leaveElement, takeElement } from './picture-elements';

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

/** The element is not this component's own: where another tile shows the same in the next moment, it moves there. */
function Element({ picture, label, class: className, testid, onPicture }: ElementProps) {
  const place = useRef<HTMLSpanElement>(null);
  const element = useRef<HTMLVideoElement>(null);
  useLayoutEffect(() => {
    const video = takeElement(picture.key, picture.tracks);
    element.current = video;
    place.current?.append(video);
    return () => leaveElement(picture.key, video);
  }, [picture.key]);
  useLayoutEffect(() => {
    const video = element.current;
    if (!video) return;
    video.className = className ?? '';
    video.setAttribute('aria-label', label);
    if (testid === undefined) delete video.dataset['testid'];
    else video.dataset['testid'] = testid;
  }, [picture.key, className, label, testid]);
  useLayoutEffect(() => {
    const video = element.current;
    const tile = place.current?.parentElement;
    if (!video || !tile) return;
    // For what stands in a corner of the picture, and not of the tile.
    const shape = () => {
      if (video.videoHeight > 0) tile.style.setProperty('--picture-aspect', String(video.videoWidth / video.videoHeight));
      else tile.style.removeProperty('--picture-aspect');
    };
    shape();
    video.addEventListener('resize', shape);
    return () => video.removeEventListener('resize', shape);
  }, [picture.key]);
  useLayoutEffect(() => {
    const video = element.current;
    if (!video || !onPicture) return;
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) onPicture();
    video.addEventListener('loadeddata', onPicture);
    return () => video.removeEventListener('loadeddata', onPicture);
  }, [picture.key, onPicture]);
  return <span ref={place} class="picture" />;
}
