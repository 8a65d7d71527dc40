/** Camera and microphone, opened once for all checks that need them. */
import { within } from '../abort';

export type Kind = 'audio' | 'video';

/** A track, or why there is none. */
export type Opened =
  | { readonly track: MediaStreamTrack; readonly error: null }
  | { readonly track: null; readonly error: OpenError };

/** The names the specification gives, and ours for a question nobody answered. */
export interface OpenError {
  readonly name: 'NotAllowedError' | 'NotFoundError' | 'NotReadableError' | 'OverconstrainedError' | 'AbortError' | 'Unanswered' | 'Other';
  readonly message: string;
}

/** How long the browser's question may stay open: a script cannot answer it, a person may have to find it first. */
const AUTO_ANSWER_MS = 8_000;
const ATTENDED_ANSWER_MS = 25_000;

const KNOWN = ['NotAllowedError', 'NotFoundError', 'NotReadableError', 'OverconstrainedError', 'AbortError'] as const;

/** Old and browser-specific names of the same errors. */
const SYNONYMS: Readonly<Record<string, OpenError['name']>> = {
  PermissionDeniedError: 'NotAllowedError',
  SecurityError: 'NotAllowedError',
  DevicesNotFoundError: 'NotFoundError',
  TrackStartError: 'NotReadableError',
  ConstraintNotSatisfiedError: 'OverconstrainedError',
};

export function readOpenError(error: unknown): OpenError {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  return { name: KNOWN.find((known) => known === name) ?? SYNONYMS[name] ?? 'Other', message };
}

export class MediaBench {
  readonly #answerMs: number;
  #opening: Promise<Readonly<Record<Kind, Opened>>> | null = null;
  #tracks: MediaStreamTrack[] = [];
  #closed = false;

  constructor(auto: boolean) {
    this.#answerMs = auto ? AUTO_ANSWER_MS : ATTENDED_ANSWER_MS;
  }

  /** Both devices in one question; when that fails, each by itself to learn which one it is. */
  open(): Promise<Readonly<Record<Kind, Opened>>> {
    this.#opening ??= this.#openAll();
    return this.#opening;
  }

  /** Lets go of the devices; what is opened later is closed at once. */
  close(): void {
    this.#closed = true;
    for (const track of this.#tracks) track.stop();
    this.#tracks = [];
  }

  async #openAll(): Promise<Readonly<Record<Kind, Opened>>> {
    if (!('mediaDevices' in navigator)) {
      const none = { track: null, error: { name: 'NotAllowedError', message: 'not a secure context' } } as const;
      return { video: none, audio: none };
    }
    const [video, audio] = await this.#ask({ video: true, audio: true });
    if (video.track || audio.track) return { video, audio };
    if (video.error?.name === 'Unanswered') return { video, audio };
    const [onlyVideo] = await this.#ask({ video: true, audio: false });
    const [, onlyAudio] = await this.#ask({ video: false, audio: true });
    return { video: onlyVideo, audio: onlyAudio };
  }

  async #ask(constraints: { video: boolean; audio: boolean }): Promise<readonly [Opened, Opened]> {
    try {
      const asked = navigator.mediaDevices.getUserMedia(constraints);
      // An answer that comes too late must not leave the camera on.
      asked.then((stream) => this.#closed && this.#stop(stream), () => undefined);
      const stream = await within(asked, this.#answerMs);
      if (stream === null) {
        asked.then((late) => this.#stop(late), () => undefined);
        return both({ track: null, error: { name: 'Unanswered', message: '' } });
      }
      this.#tracks.push(...stream.getTracks());
      return [opened(stream.getVideoTracks()[0]), opened(stream.getAudioTracks()[0])];
    } catch (error) {
      return both({ track: null, error: readOpenError(error) });
    }
  }

  #stop(stream: MediaStream): void {
    for (const track of stream.getTracks()) track.stop();
  }
}

function both(result: Opened): readonly [Opened, Opened] {
  return [result, result];
}

function opened(track: MediaStreamTrack | undefined): Opened {
  return track ? { track, error: null } : { track: null, error: { name: 'NotFoundError', message: '' } };
}
