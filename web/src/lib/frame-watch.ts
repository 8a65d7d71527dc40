/**
 * Finds out when a slot shows what it should: a picture of its new owner has been decoded. Until then the last picture of
 * whoever had the slot before must not be seen under the wrong name.
 */
import { signal } from '@preact/signals-core';

/** Soon enough that nobody waits for it, seldom enough to cost nothing. */
const LOOK_AGAIN_MS = 80;
/** What has not come after this long is looked for less often. */
const IMPATIENT_MS = 10_000;
const LOOK_SELDOM_MS = 500;
/** After so many pictures nothing of the former owner is left, whether we saw a key frame or not. */
const FRAMES_ENOUGH = 15;

/** Pictures that come this regularly, for this long, go on: encoders that begin start and stop until they know their line. */
const STALL_MS = 400;
const STEADY_MS = 1000;

interface Count {
  frames: number;
  /** Undefined where the browser does not count them. */
  keyFrames: number | undefined;
}

interface Watched {
  mid: string;
  before: Count | undefined;
  /** The latest count, when it grew, and since when it has grown without a stop. */
  frames: number;
  grewAt: number;
  flowsSince: number;
}

export class FrameWatch {
  /** The keys whose pictures may be shown. */
  readonly ready = signal<ReadonlySet<string>>(new Set());
  /** The keys whose pictures have come without a stop for a while: another way to see them is not needed any more. */
  readonly steady = signal<ReadonlySet<string>>(new Set());

  readonly #connection: Pick<RTCPeerConnection, 'getStats'>;
  /** By key: which slot, and what had been decoded there when the wish was new. */
  readonly #watched = new Map<string, Watched>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When something new was expected last. */
  #expectedAt = 0;
  #closed = false;

  constructor(connection: Pick<RTCPeerConnection, 'getStats'>) {
    this.#connection = connection;
  }

  /** The pictures that are expected, by key, with their slots. What is not named any more is forgotten. */
  expect(slots: ReadonlyMap<string, string>): void {
    const added = [...slots].filter(([key, mid]) => this.#watched.get(key)?.mid !== mid);
    if (added.length > 0) this.#expectedAt = Date.now();
    for (const [key, mid] of added) this.#watched.set(key, { mid, before: undefined, frames: 0, grewAt: -Infinity, flowsSince: Infinity });
    for (const [key, { mid }] of [...this.#watched]) if (slots.get(key) !== mid) this.#watched.delete(key);
    const kept = [...this.ready.peek()].filter((key) => slots.has(key));
    if (kept.length !== this.ready.peek().size) {
      this.ready.value = new Set(kept);
      this.steady.value = new Set([...this.steady.peek()].filter((key) => slots.has(key)));
    }
    this.#timer ??= setTimeout(() => void this.#look(), 0);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watched.clear();
    this.ready.value = new Set();
    this.steady.value = new Set();
  }

  async #look(): Promise<void> {
    const open = [...this.#watched].filter(([key]) => !this.steady.peek().has(key));
    if (open.length > 0) {
      const counts = await this.#counts();
      if (this.#closed) return;
      const seen = open.filter(([key, watched]) => this.#watched.get(key) === watched && this.#isNew(watched, counts.get(watched.mid)));
      if (seen.some(([key]) => !this.ready.peek().has(key))) this.ready.value = new Set([...this.ready.peek(), ...seen.map(([key]) => key)]);
      const steady = seen.filter(([, watched]) => isSteady(watched, counts.get(watched.mid)?.frames ?? 0, Date.now()));
      if (steady.length > 0) this.steady.value = new Set([...this.steady.peek(), ...steady.map(([key]) => key)]);
    }
    const waiting = [...this.#watched.keys()].some((key) => !this.steady.peek().has(key));
    const wait = Date.now() - this.#expectedAt < IMPATIENT_MS ? LOOK_AGAIN_MS : LOOK_SELDOM_MS;
    this.#timer = waiting ? setTimeout(() => void this.#look(), wait) : undefined;
  }

  #isNew(watched: { before: Count | undefined }, now: Count = { frames: 0, keyFrames: undefined }): boolean {
    watched.before ??= now;
    const { before } = watched;
    if (now.frames >= before.frames + FRAMES_ENOUGH) return true;
    return before.keyFrames === undefined || now.keyFrames === undefined ? now.frames > before.frames : now.keyFrames > before.keyFrames;
  }

  async #counts(): Promise<ReadonlyMap<string, Count>> {
    const counts = new Map<string, Count>();
    (await this.#connection.getStats()).forEach((entry: Record<string, unknown>) => {
      if (entry['type'] !== 'inbound-rtp' || entry['kind'] !== 'video' || typeof entry['mid'] !== 'string') return;
      const keyFrames = entry['keyFramesDecoded'];
      counts.set(entry['mid'], { frames: Number(entry['framesDecoded'] ?? 0), keyFrames: typeof keyFrames === 'number' ? keyFrames : undefined });
    });
    return counts;
  }
}

function isSteady(watched: Watched, frames: number, now: number): boolean {
  if (frames > watched.frames) {
    if (now - watched.grewAt > STALL_MS) watched.flowsSince = now;
    watched.frames = frames;
    watched.grewAt = now;
  }
  return now - watched.grewAt <= STALL_MS && now - watched.flowsSince >= STEADY_MS;
}

/** Whether pictures come over a connection, and not only a first one. */
export async function decodesPicture(connection: Pick<RTCPeerConnection, 'getStats'>): Promise<boolean> {
  let decoded = false;
  (await connection.getStats()).forEach((entry: Record<string, unknown>) => {
    if (entry['type'] === 'inbound-rtp' && entry['kind'] === 'video' && Number(entry['framesDecoded'] ?? 0) >= FRAMES_ENOUGH) decoded = true;
  });
  return decoded;
}
