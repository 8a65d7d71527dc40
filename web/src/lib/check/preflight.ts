/** The short check that the lobby runs by itself: does the way to the media server carry a call. */
import { orAborted, within } from './abort';
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
  const peers: EchoPeer[] = [];
  const way = async (transport: EchoTransport, limitMs: number) => {
    const peer = new EchoPeer(signal);
    peers.push(peer);
    return { peer, reach: await peer.reach(transport, token, limitMs) };
  };
  try {
    // A packet that is lost on a slow line costs a second: UDP goes on while TCP is tried.
    const udp = way('udp', 2 * OPEN_LIMIT_MS);
    const soon = await orAborted(within(udp, OPEN_LIMIT_MS), signal);
    const isTcpWorthATry = soon === null || (soon.reach.roundTripMs === null && soon.reach.status === 201);
    const ways = isTcpWorthATry ? [udp, way('tcp', OPEN_LIMIT_MS)] : [udp];
    const used = await orAborted(firstThatWorks(ways), signal);
    const [udpReach, tcpReach] = await Promise.all(ways.map(async (each) => (await within(each, 0))?.reach ?? null));
    const quality = used && qualityOf(await echoes(used.peer.channel, MEASURE_MS, signal));
    return judgePreflight({ udp: udpReach ?? UNDER_WAY, tcp: tcpReach ?? null, quality });
  } finally {
    for (const peer of peers) peer.close();
  }
}

interface Way {
  readonly peer: EchoPeer;
  readonly reach: Reach;
}

/** `null` when none does. */
function firstThatWorks(ways: readonly Promise<Way>[]): Promise<Way | null> {
  const works = async (way: Promise<Way>) => {
    const tried = await way;
    if (tried.reach.roundTripMs === null) throw new Error('shut');
    return tried;
  };
  return Promise.any(ways.map(works)).catch(() => null);
}

/** TCP works, and UDP has not so far: the server that answered one of them offers the other. */
const UNDER_WAY: Reach = { transport: 'udp', status: 201, refusal: null, offered: 1, setupMs: null, roundTripMs: null };
