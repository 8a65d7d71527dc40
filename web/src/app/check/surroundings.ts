/** What the checks need a page for: eyes, a loudspeaker, a person to ask. */
import { orAborted, pause, within } from '../../lib/check/abort';
import type { Frame } from '../../lib/check/context';

/** The whole picture, small, for its brightness. */
const WHOLE = { width: 32, height: 18 };
/** A patch at full resolution, for its noise. */
const PATCH = 48;
/** Pictures kept; at 60 a second this is more than the longest watch. */
const FRAMES_MAX = 600;

/** Reads brightness and noise from what a video element shows. */
class Eye {
  readonly #whole = context(WHOLE.width, WHOLE.height);
  readonly #patch = context(PATCH, PATCH);

  look(video: HTMLVideoElement): Frame {
    this.#whole.drawImage(video, 0, 0, WHOLE.width, WHOLE.height);
    const pixels = this.#whole.getImageData(0, 0, WHOLE.width, WHOLE.height).data;
    let sum = 0;
    for (let at = 0; at < pixels.length; at += 4) {
      sum += 0.2126 * (pixels[at] ?? 0) + 0.7152 * (pixels[at + 1] ?? 0) + 0.0722 * (pixels[at + 2] ?? 0);
    }
    const [x, y] = [(video.videoWidth - PATCH) / 2, (video.videoHeight - PATCH) / 2];
    this.#patch.drawImage(video, x, y, PATCH, PATCH, 0, 0, PATCH, PATCH);
    const patch = this.#patch.getImageData(0, 0, PATCH, PATCH).data;
    return { atMs: performance.now(), luma: sum / (pixels.length / 4), hash: hash(pixels, hash(patch)) };
  }
}

function context(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const found = canvas.getContext('2d', { willReadFrequently: true });
  if (!found) throw new Error('this browser gives no 2D canvas');
  return found;
}

/** FNV-1a: two pictures that differ by one bit have different hashes. */
function hash(bytes: Uint8ClampedArray, seed = 0x811c9dc5): number {
  let value = seed;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

/** Calls `look` for every picture until `done`. */
function eachFrame(video: HTMLVideoElement, look: () => void, done: () => boolean): void {
  if ('requestVideoFrameCallback' in video) {
    const next = () => {
      if (done()) return;
      look();
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
    return;
  }
  // Browsers without the callback: a picture is new when the clock of the video has moved.
  const element: HTMLVideoElement = video;
  let shown = -1;
  const poll = () => {
    if (done()) return;
    if (element.currentTime !== shown && element.readyState >= element.HAVE_CURRENT_DATA) {
      shown = element.currentTime;
      look();
    }
    requestAnimationFrame(poll);
  };
  requestAnimationFrame(poll);
}

/** Shows the track in `place` and looks at it. */
export async function watch(place: HTMLElement, track: MediaStreamTrack, durationMs: number, signal: AbortSignal): Promise<readonly Frame[]> {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  place.append(video);
  const eye = new Eye();
  const frames: Frame[] = [];
  let over = false;
  try {
    // A camera that sends nothing never starts to play; that is a finding and not an error.
    if ((await within(orAborted(video.play().then(() => true), signal), durationMs)) === null) return [];
    eachFrame(video, () => frames.push(eye.look(video)), () => over || frames.length >= FRAMES_MAX);
    await pause(durationMs, signal);
    return frames;
  } finally {
    over = true;
    video.srcObject = null;
    video.remove();
  }
}

/** Two soft notes, so that nobody takes a hum of the machine for the test. */
const NOTES_HZ = [523, 659];
const LOUDNESS = 0.2;

export async function playTone(sinkId: string, durationMs: number, signal: AbortSignal): Promise<void> {
  const audio = new AudioContext();
  const element = new Audio();
  try {
    await audio.resume();
    const output = audio.createMediaStreamDestination();
    const noteSeconds = durationMs / 1_000 / NOTES_HZ.length;
    NOTES_HZ.forEach((hertz, index) => note(audio, output, hertz, audio.currentTime + index * noteSeconds, noteSeconds));
    element.srcObject = output.stream;
    if (sinkId !== '' && 'setSinkId' in element) await element.setSinkId(sinkId);
    await element.play();
    await pause(durationMs, signal);
  } finally {
    element.srcObject = null;
    await audio.close();
  }
}

/** One note that swells and fades: a hard edge would click. */
function note(audio: AudioContext, output: AudioNode, hertz: number, startsAt: number, seconds: number): void {
  const oscillator = new OscillatorNode(audio, { frequency: hertz });
  const gain = new GainNode(audio, { gain: 0 });
  gain.gain.setValueAtTime(0, startsAt);
  gain.gain.linearRampToValueAtTime(LOUDNESS, startsAt + 0.08);
  gain.gain.setValueAtTime(LOUDNESS, startsAt + seconds - 0.12);
  gain.gain.linearRampToValueAtTime(0, startsAt + seconds);
  oscillator.connect(gain).connect(output);
  oscillator.start(startsAt);
  oscillator.stop(startsAt + seconds);
}

/** How long an element may take to start; a refusal comes at once. */
const START_LIMIT_MS = 1_500;

/** Whether an element with somebody's sound may start by itself. */
export async function mayAutoplay(muted: boolean): Promise<boolean> {
  const audio = new AudioContext();
  const element = new Audio();
  try {
    element.muted = muted;
    element.srcObject = audio.createMediaStreamDestination().stream;
    await within(element.play(), START_LIMIT_MS);
    return true;
  } catch (error) {
    // Anything else is trouble with this element, not a refusal to play.
    return !(error instanceof DOMException && error.name === 'NotAllowedError');
  } finally {
    element.srcObject = null;
    await audio.close();
  }
}
