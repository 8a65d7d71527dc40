/** Measures one relay transport: two relay-only connections, a message there and back. */
import { explain } from '../abort';
import { round, spread } from '../statistics';
import { urlsOf, type IceAnswer } from './bench';
import { PeerPair, type GatheringError } from './peer-pair';

export const RELAY_TRANSPORTS = ['udp', 'tcp', 'tls'] as const;
export type RelayTransport = (typeof RELAY_TRANSPORTS)[number];

export interface RelayResult {
  readonly urls: readonly string[];
  /** From the offer to the open channel; `null` when it never opened. */
  readonly setupMs: number | null;
  readonly roundTripMs: number | null;
  /** A relay candidate came up: the server gave an address, whatever became of the data. */
  readonly allocated: boolean;
  /** The transport that statistics name; `null` when they do not. */
  readonly relayProtocol: string | null;
  readonly errors: readonly GatheringError[];
  /** The HTTP status when the server gave no credentials. */
  readonly iceStatus: number;
}

export type RelayResults = Readonly<Record<RelayTransport, RelayResult>>;

/** Five seconds are what a caller waits for a first picture before giving up. */
const SETUP_LIMIT_MS = 5_000;
const ECHOES = 5;

/** The transport between browser and relay that a TURN URL asks for (RFC 7065); `null` for other URLs. */
export function transportOf(url: string): RelayTransport | null {
  const found = /^(turns?):[^?]+(?:\?transport=(udp|tcp))?$/i.exec(url);
  if (!found) return null;
  if (found[1]?.toLowerCase() === 'turns') return found[2]?.toLowerCase() === 'udp' ? null : 'tls';
  return found[2]?.toLowerCase() === 'tcp' ? 'tcp' : 'udp';
}

/** The servers left when only URLs of one transport count. */
export function onlyTransport(servers: readonly RTCIceServer[], transport: RelayTransport): RTCIceServer[] {
  return servers.flatMap((server) => {
    const urls = urlsOf([server]).filter((url) => transportOf(url) === transport);
    return urls.length > 0 ? [{ ...server, urls }] : [];
  });
}

async function relay(answer: IceAnswer, transport: RelayTransport, signal: AbortSignal): Promise<RelayResult> {
  const iceServers = onlyTransport(answer.iceServers, transport);
  const urls = urlsOf(iceServers);
  const nothing = { urls, setupMs: null, roundTripMs: null, allocated: false, relayProtocol: null, iceStatus: answer.status };
  if (urls.length === 0) return { ...nothing, errors: [] };
  try {
    const pair = new PeerPair({ iceServers, iceTransportPolicy: 'relay' }, signal);
    try {
      const setupMs = await pair.connect(SETUP_LIMIT_MS);
      const allocated = pair.candidateTypes.includes('relay');
      if (setupMs === null) return { ...nothing, allocated, errors: pair.errors };
      const roundTrips = spread(await pair.echo(ECHOES));
      const relayProtocol = (await pair.selectedPath())?.relayProtocol ?? null;
      const roundTripMs = roundTrips?.median ?? null;
      return { ...nothing, setupMs: round(setupMs), roundTripMs, allocated, relayProtocol, errors: pair.errors };
    } finally {
      pair.close();
    }
  } catch (error) {
    return { ...nothing, errors: [{ url: urls.join(', '), code: 0, text: explain(error).message }] };
  }
}

export async function relaysThrough(answer: IceAnswer, signal: AbortSignal): Promise<RelayResults> {
  const [udp, tcp, tls] = await Promise.all([
    relay(answer, 'udp', signal),
    relay(answer, 'tcp', signal),
    relay(answer, 'tls', signal),
  ]);
  return { udp, tcp, tls };
}
