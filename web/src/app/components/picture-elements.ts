/**
 * Video elements that outlive the tile they are in. An element that is made anew shows nothing until the next frame has
 * come; one that moves from a tile to another, as when somebody is made large, goes on.
 */

/** Elements whose tile has gone in this task, by what they show. */
const loose = new Map<string, HTMLVideoElement>();

/** The element that showed these tracks a moment ago, still playing, or a new one. */
export function takeElement(key: string, tracks: readonly MediaStreamTrack[]): HTMLVideoElement {
  const known = loose.get(key);
  loose.delete(key);
  if (known) return known;
  const video = document.createElement('video');
  video.autoplay = video.muted = video.playsInline = true;
  if (tracks.length > 0) {
    video.srcObject = new MediaStream([...tracks]);
    void video.play().catch(() => undefined);
  }
  return video;
}

/** The tile of an element has gone. Where no other takes it before the next task, the element goes too. */
export function leaveElement(key: string, video: HTMLVideoElement): void {
  loose.set(key, video);
  setTimeout(() => {
    if (loose.get(key) === video) loose.delete(key);
    if (!video.isConnected) video.srcObject = null;
  });
}
