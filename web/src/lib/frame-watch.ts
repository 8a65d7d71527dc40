/**
 * Finds out when a slot shows what it should: a picture of its new owner has been decoded. Until then the last picture of
 * whoever had the slot before must not be seen under the wrong name.
 */
import { signal } from '@preact/signals-core';

/** Soon enough that nobody waits for it, seldom enough to cost nothing. */
const LOOK_AGAIN_MS = 80;
/** After so many pictures nothing of the former owner is left, whether we saw a key frame or not. */
const FRAMES_ENOUGH = 15;

interface Count {
  frames: number;
  /** Undefined where the browser does not count them. */
  keyFrames: number | undefined;
}

export class FrameWatch {
  /** The keys whose pictures may be shown. */
  readonly ready = signal<ReadonlySet<string>>(new Set());

  readonly #connection: Pick<RTCPeerConnection, 'getStats'>;
  /** By key: which slot, and what had been decoded there when the wish was new. */
  readonly #watched = new Map<string, { mid: string; before: Count | undefined }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(connection: Pick<RTCPeerConnection, 'getStats'>) {
    this.#connection = connection;
  }

  /** The pictures that are expected, by key, with their slots. What is not named any more is forgotten. */
  expect(slots: ReadonlyMap<string, string>): void {
    for (const [key, mid] of slots) if (this.#watched.get(key)?.mid !== mid) this.#watched.set(key, { mid, before: undefined });
    for (const [key, { mid }] of [...this.#watched]) if (slots.get(key) !== mid) this.#watched.delete(key);
    const kept = [...this.ready.peek()].filter((key) => slots.has(key));
    if (kept.length !== this.ready.peek().size) this.ready.value = new Set(kept);
    this.#timer ??= setTimeout(() => void this.#look(), 0);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watched.clear();
    this.ready.value = new Set();
  }

  async #look(): Promise<void> {
    const open = [...this.#watched].filter(([key]) => !this.ready.peek().has(key));
    if (open.length > 0) {
      const counts = await this.#counts();
      if (this.#closed) return;
      const seen = open.filter(([key, watched]) => this.#watched.get(key) === watched && this.#isNew(watched, counts.get(watched.mid)));
      if (seen.length > 0) this.ready.value = new Set([...this.ready.peek(), ...seen.map(([key]) => key)]);
    }
    const waiting = [...this.#watched.keys()].some((key) => !this.ready.peek().has(key));
    this.#timer = waiting ? setTimeout(() => void this.#look(), LOOK_AGAIN_MS) : undefined;
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

/** Whether a picture has come over a connection at all. */
export async function decodesPicture(connection: Pick<RTCPeerConnection, 'getStats'>): Promise<boolean> {
  let decoded = false;
  (await connection.getStats()).forEach((entry: Record<string, unknown>) => {
    if (entry['type'] === 'inbound-rtp' && entry['kind'] === 'video' && Number(entry['framesDecoded'] ?? 0) > 0) decoded = true;
  });
  return decoded;
}
