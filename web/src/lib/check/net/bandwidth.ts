/** Check 24: how much fits through the line to the media server, one direction after the other. */
import { orAborted, pause } from '../abort';
import type { Check } from '../context';
import { round } from '../statistics';
import { outcome, type CheckTextKey, type Outcome } from '../types';
import { judgeRefusal } from './reach';

/** Each direction; the first second of it is for getting up to speed. */
const DIRECTION_MS = 4_000;
const RAMP_MS = 1_000;
const TICK_MS = 20;
/** What is counted together. */
const INTERVAL_MS = 200;
const MESSAGE_BYTES = 16_384;
/** The echo answers 16 Mbit/s in both directions together, and the answers count. */
const BYTES_PER_MS_MAX = 1_500;
/** Beyond this rate nothing is measured: it is enough for everything. */
export const KBPS_MAX = BYTES_PER_MS_MAX * 8;
/** On the way at once: 12 Mbit/s over 250 ms. */
const ON_THE_WAY_BYTES_MAX = 384 * 1024;

/** What a call needs to send and to receive, in kbit/s: sound alone, a small picture, a picture in high definition. */
export const NEEDS_KBPS = { sound: 100, small: 500, large: 2_000 } as const;

/** Bytes that arrived in each {@link INTERVAL_MS}. */
export class Tally {
  readonly #bytes: number[] = [];

  add(elapsedMs: number, bytes: number): void {
    const place = Math.floor(elapsedMs / INTERVAL_MS);
    while (this.#bytes.length <= place) this.#bytes.push(0);
    this.#bytes[place] = (this.#bytes[place] ?? 0) + bytes;
  }

  /** Of the whole intervals within `durationMs`. */
  kbps(durationMs: number): number[] {
    return Array.from({ length: Math.floor(durationMs / INTERVAL_MS) }, (_, place) => Math.round(((this.#bytes[place] ?? 0) * 8) / INTERVAL_MS));
  }
}

export interface Bandwidth {
  /** Mean after the ramp, and how long it took to get to three quarters of it. */
  readonly kbps: number;
  readonly rampMs: number | null;
  /** Of each 200 ms. */
  readonly rates: readonly number[];
}

export function bandwidthOf(rates: readonly number[]): Bandwidth {
  const steady = rates.slice(RAMP_MS / INTERVAL_MS);
  const kbps = steady.length === 0 ? 0 : Math.round(steady.reduce((sum, rate) => sum + rate, 0) / steady.length);
  const reached = rates.findIndex((rate) => kbps > 0 && rate >= kbps * 0.75);
  return { kbps, rampMs: reached < 0 ? null : reached * INTERVAL_MS, rates };
}

/** Sends as much as fits, and counts what the server says it got. */
async function measureUp(channel: RTCDataChannel, signal: AbortSignal, progress: (share: number) => void): Promise<Bandwidth> {
  const message = new Uint8Array(MESSAGE_BYTES);
  const confirmed = (data: unknown) => (data instanceof ArrayBuffer && data.byteLength === 4 ? new DataView(data).getUint32(0) : 0);
  return measure(channel, confirmed, () => channel.send(message), signal, progress);
}

/** Asks for as much as fits, and counts what comes. */
async function measureDown(channel: RTCDataChannel, signal: AbortSignal, progress: (share: number) => void): Promise<Bandwidth> {
  const request = new DataView(new ArrayBuffer(4));
  request.setUint32(0, MESSAGE_BYTES);
  const came = (data: unknown) => (data instanceof ArrayBuffer ? data.byteLength : 0);
  return measure(channel, came, () => channel.send(request.buffer as ArrayBuffer), signal, progress);
}

/** Keeps {@link ON_THE_WAY_BYTES_MAX} on the way, at no more than {@link KBPS_MAX}. `worth` says what an answer stands for. */
async function measure(channel: RTCDataChannel, worth: (data: unknown) => number, send: () => void, signal: AbortSignal, progress: (share: number) => void): Promise<Bandwidth> {
  const tally = new Tally();
  const startedMs = performance.now();
  const elapsed = () => performance.now() - startedMs;
  let asked = 0;
  let arrived = 0;
  const hear = ({ data }: MessageEvent<unknown>) => {
    const bytes = worth(data);
    arrived += bytes;
    tally.add(elapsed(), bytes);
  };
  channel.addEventListener('message', hear);
  try {
    while (elapsed() < DIRECTION_MS && channel.readyState === 'open') {
      const allowed = Math.min(elapsed() * BYTES_PER_MS_MAX, arrived + ON_THE_WAY_BYTES_MAX);
      while (asked + MESSAGE_BYTES <= allowed) {
        send();
        asked += MESSAGE_BYTES;
      }
      progress(Math.min(1, elapsed() / DIRECTION_MS));
      await pause(TICK_MS, signal);
    }
  } finally {
    channel.removeEventListener('message', hear);
  }
  return bandwidthOf(tally.kbps(DIRECTION_MS));
}

export function judgeBandwidth(up: Bandwidth, down: Bandwidth, transport: string): Outcome {
  const chart = {
    title: 'chart.bandwidth',
    unit: 'kbit/s',
    seconds: DIRECTION_MS / 1000,
    lines: [
      { label: 'chart.up', values: up.rates },
      { label: 'chart.down', values: down.rates },
    ],
  } as const;
  const of = ({ kbps, rampMs }: Bandwidth) => ({ kbps, rampMs, atLeast: kbps >= KBPS_MAX * 0.95 });
  const details = { transport, up: of(up), down: of(down) };
  const values = { up: inMegabits(up.kbps), down: inMegabits(down.kbps) };
  const least = Math.min(up.kbps, down.kbps);
  const levels: readonly [number, Outcome['status'], CheckTextKey][] = [
    [NEEDS_KBPS.large, 'pass', 'verdict.bandwidth.large'],
    [NEEDS_KBPS.small, 'warn', 'verdict.bandwidth.small'],
    [NEEDS_KBPS.sound, 'warn', 'verdict.bandwidth.sound'],
    [0, 'fail', 'verdict.bandwidth.nothing'],
  ];
  const [, status, verdict] = levels.find(([need]) => least >= need) ?? ([0, 'fail', 'verdict.bandwidth.nothing'] as const);
  return outcome(status, verdict, { values, details, chart, ...(status !== 'pass' && { advice: 'advice.bandwidth' as const }) });
}

/** "0.35", "2.4", "12". */
export function inMegabits(kbps: number): string {
  return String(round(kbps / 1000, kbps < 1000 ? 2 : kbps < 10_000 ? 1 : 0));
}

export const bandwidth: Check = {
  id: 'bandwidth',
  group: 'net',
  timeoutMs: 16_000,
  alone: true,
  run: async ({ network, signal, progress }) => {
    const echo = await orAborted(network.echo(), signal);
    if (!echo.peer) return judgeRefusal(echo.reach) ?? outcome('skipped', 'verdict.media.unreached');
    const upload = await echo.peer.open('upload');
    const download = await echo.peer.open('download');
    if (!upload || !download) return outcome('warn', 'verdict.quality.silent', { advice: 'advice.again' });
    const up = await measureUp(upload, signal, (share) => progress(share / 2));
    upload.close();
    const down = await measureDown(download, signal, (share) => progress(0.5 + share / 2));
    return judgeBandwidth(up, down, echo.reach.transport);
  },
};
