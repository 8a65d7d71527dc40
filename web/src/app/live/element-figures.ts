/** What a video element tells of what it plays from a buffer. */
import { NO_FIGURES, type PlaybackFigures } from '../../lib/live/engine';

export class ElementFigures {
  readonly #video: HTMLVideoElement;
  readonly #listening = new AbortController();
  #freezes = 0;
  #frozenMs = 0;
  #frozenSince: number | undefined;
  #before: { at: number; frames: number; bytes: number } | undefined;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
    const { signal } = this.#listening;
    video.addEventListener('waiting', () => this.#freeze(), { signal });
    video.addEventListener('playing', () => this.#thaw(), { signal });
  }

  /** @param bytes received so far */
  read(bytes: number, delayMs: number | undefined, codecs: string | undefined): PlaybackFigures {
    const [at, frames] = [performance.now(), this.#video.getVideoPlaybackQuality().totalVideoFrames];
    const before = this.#before;
    this.#before = { at, frames, bytes };
    const seconds = before && (at - before.at) / 1000;
    const frozen = this.#frozenMs + (this.#frozenSince === undefined ? 0 : at - this.#frozenSince);
    return {
      ...NO_FIGURES,
      kbps: before && seconds ? ((bytes - before.bytes) * 8) / 1000 / seconds : undefined,
      fps: before && seconds ? Math.round((frames - before.frames) / seconds) : undefined,
      width: this.#video.videoWidth || undefined,
      height: this.#video.videoHeight || undefined,
      codecs,
      delayMs,
      freezes: this.#freezes,
      freezeSeconds: frozen / 1000,
    };
  }

  close(): void {
    this.#listening.abort();
  }

  /** A buffer that is empty while it should play. At the beginning there is nothing to freeze. */
  #freeze(): void {
    if (this.#video.paused || this.#video.currentTime === 0 || this.#frozenSince !== undefined) return;
    this.#freezes++;
    this.#frozenSince = performance.now();
  }

  #thaw(): void {
    if (this.#frozenSince === undefined) return;
    this.#frozenMs += performance.now() - this.#frozenSince;
    this.#frozenSince = undefined;
  }
}

/** What has arrived and is not shown yet. */
export function bufferedAheadMs(video: HTMLVideoElement): number | undefined {
  const { buffered } = video;
  return buffered.length === 0 ? undefined : Math.max(0, buffered.end(buffered.length - 1) - video.currentTime) * 1000;
}
