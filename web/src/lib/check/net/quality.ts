/** Check 23: packets as those of a voice go to the media server and back: how long, how evenly, and how many never come. */
import { orAborted, pause } from '../abort';
import type { Check } from '../context';
import { round, spread } from '../statistics';
import { outcome, type Outcome } from '../types';
import { judgeRefusal } from './reach';

/** One packet every 20 ms, as Opus does. */
const INTERVAL_MS = 20;
/** Long enough to meet the hiccups of a WLAN, short enough for a person's patience. */
const DURATION_MS = 6_000;
/** A packet that is later than this is lost: nobody waits so long for a sound. */
const LATE_MS = 1_000;
/** As long as a packet of Opus at 40 kbit/s. */
const PACKET_BYTES = 100;
/** Points of the chart; each is the worst of its packets. */
const POINTS = 60;

/** Below the first, nobody notices; above the second, people stop talking to each other. */
export const LOSS_LIMITS = [0.02, 0.08] as const;
export const ROUND_TRIP_LIMITS_MS = [150, 400] as const;
export const JITTER_LIMITS_MS = [40, 120] as const;

/** One packet, in the order in which they were sent. */
export interface Echoed {
  /** `null`: it never came back. */
  readonly roundTripMs: number | null;
  /** Others that were sent after it came back before it. */
  readonly overtaken: boolean;
}

/** Sends for `durationMs`; resolves when the last has come back, or is too late. */
export async function echoes(channel: RTCDataChannel, durationMs: number, signal: AbortSignal, progress: (share: number) => void = () => undefined): Promise<readonly Echoed[]> {
  const packets: { sentMs: number; roundTripMs: number | null; overtaken: boolean }[] = [];
  let newest = -1;
  const hear = ({ data }: MessageEvent<unknown>) => {
    if (!(data instanceof ArrayBuffer) || data.byteLength !== PACKET_BYTES) return;
    const number = new DataView(data).getUint32(0);
    const packet = packets[number];
    if (!packet || packet.roundTripMs !== null) return;
    const roundTripMs = performance.now() - packet.sentMs;
    if (roundTripMs > LATE_MS) return;
    packet.roundTripMs = round(roundTripMs);
    packet.overtaken = number < newest;
    newest = Math.max(newest, number);
  };
  channel.addEventListener('message', hear);
  const startedMs = performance.now();
  try {
    while (performance.now() - startedMs < durationMs && channel.readyState === 'open') {
      // A timer that was late is made up for, as a sound card would.
      const due = Math.floor((performance.now() - startedMs) / INTERVAL_MS);
      while (packets.length <= due) {
        const payload = new DataView(new ArrayBuffer(PACKET_BYTES));
        payload.setUint32(0, packets.length);
        packets.push({ sentMs: performance.now(), roundTripMs: null, overtaken: false });
        channel.send(payload.buffer as ArrayBuffer);
      }
      progress((performance.now() - startedMs) / durationMs);
      await pause(INTERVAL_MS, signal);
    }
    const endsMs = performance.now() + LATE_MS;
    while (performance.now() < endsMs && packets.some((packet) => packet.roundTripMs === null)) await pause(INTERVAL_MS, signal);
  } finally {
    channel.removeEventListener('message', hear);
  }
  return packets.map(({ roundTripMs, overtaken }) => ({ roundTripMs, overtaken }));
}

export interface Quality {
  readonly sent: number;
  /** Part of the packets that never came back, 0 to 1. */
  readonly loss: number;
  readonly medianMs: number | null;
  /** Mean difference from one packet to the next. */
  readonly jitterMs: number | null;
  readonly overtaken: number;
}

export function qualityOf(packets: readonly Echoed[]): Quality {
  const came = packets.flatMap(({ roundTripMs }) => (roundTripMs === null ? [] : [roundTripMs]));
  const steps = came.slice(1).map((roundTripMs, index) => Math.abs(roundTripMs - (came[index] ?? roundTripMs)));
  return {
    sent: packets.length,
    loss: packets.length === 0 ? 0 : (packets.length - came.length) / packets.length,
    medianMs: spread(came)?.median ?? null,
    jitterMs: steps.length === 0 ? null : round(steps.reduce((sum, step) => sum + step, 0) / steps.length),
    overtaken: packets.filter((packet) => packet.overtaken).length,
  };
}

export function judgeQuality(packets: readonly Echoed[], transport: string): Outcome {
  const { sent, loss, medianMs, jitterMs, overtaken } = qualityOf(packets);
  const came = packets.flatMap(({ roundTripMs }) => (roundTripMs === null ? [] : [roundTripMs]));
  const roundTrip = spread(came);
  const details = { transport, sent, lost: sent - came.length, lossShare: round(loss, 4), jitterMs, overtaken, roundTripMs: roundTrip ? { ...roundTrip } : null };
  if (medianMs === null) return outcome('fail', 'verdict.quality.silent', { advice: 'advice.quality', details });
  const chart = { title: 'chart.round-trip', unit: 'ms', seconds: (sent * INTERVAL_MS) / 1000, lines: [{ values: worstOf(packets) }] } as const;
  const values = { ms: Math.round(medianMs), loss: percent(loss), jitter: Math.round(jitterMs ?? 0) };
  const beyond = (place: 0 | 1) => loss > LOSS_LIMITS[place] || medianMs > ROUND_TRIP_LIMITS_MS[place] || (jitterMs ?? 0) > JITTER_LIMITS_MS[place];
  if (beyond(1)) return outcome('fail', 'verdict.quality.bad', { values, advice: 'advice.quality', details, chart });
  if (beyond(0)) return outcome('warn', 'verdict.quality.fair', { values, advice: 'advice.quality', details, chart });
  return outcome('pass', 'verdict.quality.ok', { values, details, chart });
}

/** As many points as a chart has room for. A packet that was lost leaves a gap, as long as nothing else came in its time. */
export function worstOf(packets: readonly Echoed[], points = POINTS): (number | null)[] {
  const each = Math.max(1, Math.ceil(packets.length / points));
  const found: (number | null)[] = [];
  for (let from = 0; from < packets.length; from += each) {
    const came = packets.slice(from, from + each).flatMap(({ roundTripMs }) => (roundTripMs === null ? [] : [roundTripMs]));
    found.push(came.length === 0 ? null : Math.max(...came));
  }
  return found;
}

/** "0.4", "12". */
export function percent(share: number): string {
  return String(round(share * 100, share < 0.1 ? 1 : 0));
}

export const quality: Check = {
  id: 'quality',
  group: 'net',
  timeoutMs: 12_000,
  alone: true,
  run: async ({ network, signal, progress }) => {
    const echo = await orAborted(network.echo(), signal);
    if (!echo.peer) return judgeRefusal(echo.reach) ?? outcome('skipped', 'verdict.media.unreached');
    return judgeQuality(await echoes(echo.peer.channel, DURATION_MS, signal, progress), echo.reach.transport);
  },
};
