/** Waits for a video element to have something to show. */
import { WayFailure } from '../../lib/live/engine';

/** The first player of a stream waits for a whole segment, and encoders set key frames up to ten seconds apart. */
const FIRST_PICTURE_MS_MAX = 25_000;

/** Resolves with the first picture or sound; rejects when `failed` does, or when nothing comes. */
export async function firstPicture(video: HTMLVideoElement, failed: Promise<WayFailure>): Promise<void> {
  const listening = new AbortController();
  const shown = new Promise<undefined>((resolve) => video.addEventListener('loadeddata', () => resolve(undefined), { signal: listening.signal }));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<WayFailure>((resolve) => (timer = setTimeout(() => resolve(new WayFailure('no-media')), FIRST_PICTURE_MS_MAX)));
  const failure = await Promise.race([shown, failed, late]);
  clearTimeout(timer);
  listening.abort();
  if (failure) throw failure;
}
