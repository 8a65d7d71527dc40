/** The short check that the lobby runs by itself: does the way to the media server carry a call. */
import { EchoPeer, type EchoTransport, type Reach } from './net/echo';
import { echoes, JITTER_LIMITS_MS, LOSS_LIMITS, qualityOf, ROUND_TRIP_LIMITS_MS, type Quality } from './net/quality';

/** `limited`: too much loss, delay or jitter. `detour`: UDP is blocked, TCP works. */
export type Preflight =
  | { kind: 'good' | 'limited' | 'detour'; roundTripMs: number; loss: number }
  | { kind: 'blocked' }
  /** Nothing can be said: no media server, or it is busy. */
  | { kind: 'unknown' };

const OPEN_LIMIT_MS = 1_400;
const MEASURE_MS = 1_200;

/** What was found, in the order in which it was tried. */
export interface PreflightFindings {
  readonly udp: Reach;
  /** Not tried while UDP works. */
  readonly tcp: Reach | null;
  readonly quality: Quality | null;
}

export function judgePreflight({ udp, tcp, quality }: PreflightFindings): Preflight {
  const answered = (reach: Reach | null) => reach !== null && reach.status >= 200 && reach.status < 300;
  // Refused, or UDP not offered: no word about the network of this person.
  if (!answered(udp)) return { kind: 'unknown' };
  const works = udp.roundTripMs !== null ? udp : tcp?.roundTripMs != null ? tcp : null;
  if (works === null) return tcp !== null && answered(tcp) && udp.offered + tcp.offered > 0 ? { kind: 'blocked' } : { kind: 'unknown' };
  if (quality === null || quality.medianMs === null) return { kind: 'unknown' };
  const { loss, medianMs: roundTripMs, jitterMs } = quality;
  const limited = loss > LOSS_LIMITS[0] || roundTripMs > ROUND_TRIP_LIMITS_MS[0] || (jitterMs ?? 0) > JITTER_LIMITS_MS[0];
  const detour = works === tcp && udp.offered > 0;
  return { kind: limited ? 'limited' : detour ? 'detour' : 'good', roundTripMs, loss };
}

/** Rejects when `signal` is aborted: somebody joins, leaves the page, or has waited long enough. */
export async function preflight(token: string | null, signal: AbortSignal): Promise<Preflight> {
  const way = async (transport: EchoTransport) => {
    const peer = new EchoPeer(signal);
    return { peer, reach: await peer.reach(transport, token, OPEN_LIMIT_MS) };
  };
  const udp = await way('udp');
  const shut = udp.reach.roundTripMs === null;
  if (shut) udp.peer.close();
  const tcp = shut && udp.reach.status === 201 ? await way('tcp') : null;
  const used = shut ? tcp : udp;
  try {
    const quality = used && used.reach.roundTripMs !== null ? qualityOf(await echoes(used.peer.channel, MEASURE_MS, signal)) : null;
    return judgePreflight({ udp: udp.reach, tcp: tcp?.reach ?? null, quality });
  } finally {
    used?.peer.close();
  }
}
