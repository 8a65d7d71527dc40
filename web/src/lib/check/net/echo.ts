/** A connection to the echo of the media server (`POST /api/v1/check/echo`), over one transport alone. */
import { orAborted, within } from '../abort';
import { round } from '../statistics';

const ECHO_TRANSPORTS = ['udp', 'tcp'] as const;
export type EchoTransport = (typeof ECHO_TRANSPORTS)[number];

/** How far one got with the media server. */
export interface Reach {
  readonly transport: EchoTransport;
  /** The HTTP status of the answer; 0 when none came. */
  readonly status: number;
  /** Why the server refused, in its own word. */
  readonly refusal: string | null;
  /** Addresses of this transport in the answer. */
  readonly offered: number;
  /** From the request to the open channel; `null` when it did not open. */
  readonly setupMs: number | null;
  /** Of the first message. */
  readonly roundTripMs: number | null;
}

/** Both ICE and DTLS take two round trips; a lost packet costs up to a second. */
const OPEN_LIMIT_MS = 6_000;
/** A hello that has not come back by then is said again. */
const ECHO_AGAIN_MS = 400;
const ECHO_ATTEMPTS = 5;

export class EchoPeer {
  /** Unordered and never sent again: what is lost is lost, as sound and picture are. */
  readonly channel: RTCDataChannel;
  readonly #connection = new RTCPeerConnection();
  readonly #signal: AbortSignal;
  readonly #close = () => this.close();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.channel = this.#connection.createDataChannel('echo', { ordered: false, maxRetransmits: 0 });
    this.channel.binaryType = 'arraybuffer';
    signal.addEventListener('abort', this.#close, { once: true });
  }

  /** Asks the server, and goes by the addresses of one transport alone. Never rejects but for the signal. */
  async reach(transport: EchoTransport, token: string | null, limitMs = OPEN_LIMIT_MS): Promise<Reach> {
    const startedMs = performance.now();
    const none: Reach = { transport, status: 0, refusal: null, offered: 0, setupMs: null, roundTripMs: null };
    const opened = happens(this.channel, 'open');
    await orAborted(this.#connection.setLocalDescription(), this.#signal);
    const answer = await ask(this.#connection.localDescription?.sdp ?? '', token, this.#signal);
    if (answer.sdp === null) return { ...none, status: answer.status, refusal: answer.refusal };
    const { sdp, kept } = onlyCandidates(answer.sdp, transport);
    const reached: Reach = { ...none, status: answer.status, offered: kept };
    if (kept === 0) return reached;
    await orAborted(this.#connection.setRemoteDescription({ type: 'answer', sdp }), this.#signal);
    if ((await orAborted(within(opened, limitMs), this.#signal)) === null) return reached;
    const setupMs = round(performance.now() - startedMs);
    return { ...reached, setupMs, roundTripMs: await this.#echoOnce() };
  }

  /** Another channel of the connection; `null` when it does not open. */
  async open(label: 'upload' | 'download'): Promise<RTCDataChannel | null> {
    const channel = this.#connection.createDataChannel(label, { ordered: false });
    channel.binaryType = 'arraybuffer';
    if (channel.readyState === 'open') return channel;
    return orAborted(within(happens(channel, 'open').then(() => channel), OPEN_LIMIT_MS), this.#signal);
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#close);
    this.#connection.close();
  }

  /** Says hello until one comes back: each alone may be lost, here or there. */
  async #echoOnce(): Promise<number | null> {
    const sentMs = new Map<unknown, number>();
    const heard = happens(this.channel, 'message');
    for (let attempt = 1; attempt <= ECHO_ATTEMPTS; attempt += 1) {
      const hello = `hello ${attempt}`;
      sentMs.set(hello, performance.now());
      this.channel.send(hello);
      const event = await orAborted(within(heard, ECHO_AGAIN_MS), this.#signal);
      if (event === null) continue;
      const since = sentMs.get((event as MessageEvent<unknown>).data);
      return since === undefined ? null : round(performance.now() - since);
    }
    return null;
  }
}

function happens(target: RTCDataChannel, name: 'open' | 'message'): Promise<Event> {
  return new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));
}

/** The description with the addresses of one transport alone, and how many are left. */
export function onlyCandidates(sdp: string, transport: EchoTransport): { sdp: string; kept: number } {
  const lines = sdp.split('\r\n');
  // candidate:FOUNDATION COMPONENT TRANSPORT … (RFC 8839, section 5.1)
  const carries = (line: string) => line.split(' ')[2]?.toLowerCase() === transport;
  const isCandidate = (line: string) => line.startsWith('a=candidate:');
  const kept = lines.filter((line) => !isCandidate(line) || carries(line));
  return { sdp: kept.join('\r\n'), kept: kept.filter(isCandidate).length };
}

interface EchoAnswer {
  readonly status: number;
  readonly sdp: string | null;
  readonly refusal: string | null;
}

async function ask(offer: string, token: string | null, signal: AbortSignal): Promise<EchoAnswer> {
  try {
    const headers = { 'content-type': 'application/sdp', ...(token !== null && { authorization: `Bearer ${token}` }) };
    const response = await fetch('/api/v1/check/echo', { method: 'POST', body: offer, signal, cache: 'no-store', headers });
    if (response.ok) return { status: response.status, sdp: await response.text(), refusal: null };
    return { status: response.status, sdp: null, refusal: readRefusal(await response.json().catch(() => null)) };
  } catch {
    signal.throwIfAborted();
    return { status: 0, sdp: null, refusal: null };
  }
}

/** The code of `{"error":{"code"}}`. */
export function readRefusal(value: unknown): string | null {
  const error = (value as { error?: { code?: unknown } } | null)?.error;
  return typeof error?.code === 'string' ? error.code : null;
}
