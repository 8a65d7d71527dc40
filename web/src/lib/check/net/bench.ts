/** What the network checks share: the server's answers, and one run each of the costly measurements. */
import { EchoPeer, type EchoTransport, type Reach } from './echo';
import { gather, type Gathering } from './gathering';
import type { Reaches } from './reach';
import { relaysThrough, type RelayResults } from './relay';

/** `GET /api/v1/info`, as far as the checks use it. */
export interface ServerInfo {
  readonly version: string | null;
  readonly httpsPort: number | null;
  /** STUN on two ports of the server. */
  readonly stun: readonly string[];
}

/** `GET /api/v1/ice`. */
export interface IceAnswer {
  readonly iceServers: readonly RTCIceServer[];
  /** Why there are none: the HTTP status, or 0 when no answer came. */
  readonly status: number;
}

/** The echo of the media server, by one transport. */
export interface Echo {
  readonly reach: Reach;
  /** Connected; `null` where that did not come about. */
  readonly peer: EchoPeer | null;
}

export interface NetworkBenchOptions {
  readonly token: string | null;
  readonly signal: AbortSignal;
}

export class NetworkBench {
  readonly #options: NetworkBenchOptions;
  #info: Promise<ServerInfo> | null = null;
  #ice: Promise<IceAnswer> | null = null;
  #gathering: Promise<Gathering> | null = null;
  #relays: Promise<RelayResults> | null = null;
  #reached: Promise<Record<EchoTransport, Echo>> | null = null;

  constructor(options: NetworkBenchOptions) {
    this.#options = options;
  }

  info(): Promise<ServerInfo> {
    this.#info ??= fetchInfo(this.#options.signal);
    return this.#info;
  }

  ice(): Promise<IceAnswer> {
    this.#ice ??= fetchIce(this.#options.token, this.#options.signal);
    return this.#ice;
  }

  /** Every candidate that STUN on two ports brings up. */
  gathering(): Promise<Gathering> {
    this.#gathering ??= this.#stunUrls().then((urls) => gather(urls, this.#options.signal));
    return this.#gathering;
  }

  /** All relay transports, measured at once. */
  relays(): Promise<RelayResults> {
    this.#relays ??= this.ice().then((answer) => relaysThrough(answer, this.#options.signal));
    return this.#relays;
  }

  /** Both ways to the media server, tried at once. */
  async reaches(): Promise<Reaches> {
    const { udp, tcp } = await this.#echoes();
    return { udp: udp.reach, tcp: tcp.reach };
  }

  /** The echo by the way that calls would take: UDP where it gets through. */
  async echo(): Promise<Echo> {
    const { udp, tcp } = await this.#echoes();
    return udp.peer || !tcp.peer ? udp : tcp;
  }

  #echoes(): Promise<Record<EchoTransport, Echo>> {
    this.#reached ??= Promise.all([this.#echoBy('udp'), this.#echoBy('tcp')]).then(([udp, tcp]) => {
      if (udp.peer) tcp.peer?.close();
      return { udp, tcp };
    });
    return this.#reached;
  }

  async #echoBy(transport: EchoTransport): Promise<Echo> {
    const peer = new EchoPeer(this.#options.signal);
    const reach = await peer.reach(transport, this.#options.token);
    if (reach.roundTripMs !== null) return { reach, peer };
    peer.close();
    return { reach, peer: null };
  }

  async #stunUrls(): Promise<readonly string[]> {
    const info = await this.info().catch(() => null);
    if (info && info.stun.length > 0) return info.stun;
    return urlsOf((await this.ice()).iceServers).filter((url) => /^stuns?:/.test(url));
  }
}

/** Whether all URLs lead to the machine itself. */
export function onLoopback(urls: readonly string[]): boolean {
  return urls.length > 0 && urls.every((url) => /^(?:stun|turn)s?:(?:localhost|127\.[\d.]+|\[::1\])(?::|\?|$)/i.test(url));
}

/** All URLs of a list of ICE servers. */
export function urlsOf(servers: readonly RTCIceServer[]): readonly string[] {
  return servers.flatMap(({ urls }) => urls);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The answer's parts that are what they should be; a server of another version may say more or less. */
export function readInfo(value: unknown): ServerInfo {
  const info = record(value);
  const port = info.httpsPort;
  return {
    version: typeof info.version === 'string' ? info.version : null,
    httpsPort: typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536 ? port : null,
    stun: Array.isArray(info.stun) ? info.stun.filter((url): url is string => typeof url === 'string' && /^stuns?:/.test(url)) : [],
  };
}

export function readIceServers(value: unknown): readonly RTCIceServer[] {
  const { iceServers } = record(value);
  if (!Array.isArray(iceServers)) return [];
  return iceServers.map(record).flatMap(({ urls, username, credential }) => {
    const list = (Array.isArray(urls) ? urls : [urls]).filter((url): url is string => typeof url === 'string');
    if (list.length === 0) return [];
    const secret = typeof username === 'string' && typeof credential === 'string' ? { username, credential } : {};
    return [{ urls: list, ...secret }];
  });
}

async function fetchInfo(signal: AbortSignal): Promise<ServerInfo> {
  const response = await fetch('/api/v1/info', { signal, cache: 'no-store' });
  return readInfo(response.ok ? await response.json() : null);
}

async function fetchIce(token: string | null, signal: AbortSignal): Promise<IceAnswer> {
  try {
    const headers: HeadersInit = token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch('/api/v1/ice', { signal, cache: 'no-store', headers });
    return { iceServers: response.ok ? readIceServers(await response.json()) : [], status: response.status };
  } catch {
    return { iceServers: [], status: 0 };
  }
}
