/** Two connections in one page, joined by hand: the shortest way to see whether a path carries data. */
import { round } from '../statistics';

export interface GatheringError {
  readonly url: string;
  readonly code: number;
  readonly text: string;
}

/** The path that carried the data, as the offering side saw it. */
export interface SelectedPath {
  readonly local: string;
  readonly remote: string;
  readonly protocol: string;
  /** How the browser reaches the relay: udp, tcp or tls; `null` without a relay. */
  readonly relayProtocol: string | null;
}

/** Gathering errors kept; a browser with many interfaces repeats itself. */
const GATHERING_ERRORS_MAX = 16;

export class PeerPair {
  readonly #near: RTCPeerConnection;
  readonly #far: RTCPeerConnection;
  readonly #channel: RTCDataChannel;
  readonly #signal: AbortSignal;
  readonly #types = new Set<string>();
  readonly #errors: GatheringError[] = [];
  /** Candidates told to the other end. */
  #told = 0;
  readonly #close = () => this.close();

  /** `accept` decides which candidates the ends tell each other; all by default. */
  constructor(configuration: RTCConfiguration, signal: AbortSignal, accept: (candidate: RTCIceCandidate) => boolean = () => true) {
    this.#near = new RTCPeerConnection(configuration);
    this.#far = new RTCPeerConnection(configuration);
    this.#channel = this.#near.createDataChannel('check');
    this.#far.ondatachannel = ({ channel }) => {
      channel.onmessage = ({ data }) => channel.send(data as string);
    };
    this.#trickle(this.#near, this.#far, accept);
    this.#trickle(this.#far, this.#near, accept);
    this.#signal = signal;
    signal.addEventListener('abort', this.#close, { once: true });
  }

  get connectionState(): RTCPeerConnectionState {
    return this.#near.connectionState;
  }

  /** Types of the candidates that came up on either end. */
  get candidateTypes(): readonly string[] {
    return [...this.#types].sort();
  }

  get errors(): readonly GatheringError[] {
    return this.#errors;
  }

  /** Milliseconds from the offer to the open channel, or `null` when that takes longer than `limitMs` or cannot be. */
  async connect(limitMs: number): Promise<number | null> {
    const startedMs = performance.now();
    const open = this.#opened(limitMs);
    await this.#near.setLocalDescription();
    await this.#far.setRemoteDescription(this.#near.localDescription as RTCSessionDescription);
    await this.#far.setLocalDescription();
    await this.#near.setRemoteDescription(this.#far.localDescription as RTCSessionDescription);
    return (await open) ? performance.now() - startedMs : null;
  }

  /** Round trips of `count` messages through the open channel, one after the other; stops at `limitMs`. */
  async echo(count: number, limitMs = 2_000): Promise<readonly number[]> {
    const endsMs = performance.now() + limitMs;
    const roundTrips: number[] = [];
    while (roundTrips.length < count && performance.now() < endsMs && this.#channel.readyState === 'open') {
      const sentMs = performance.now();
      if (!(await this.#echoOnce(`hello ${roundTrips.length}`, endsMs - sentMs))) break;
      roundTrips.push(round(performance.now() - sentMs));
    }
    return roundTrips;
  }

  async selectedPath(): Promise<SelectedPath | null> {
    const stats = new Map<string, Record<string, unknown>>();
    for (const [id, entry] of (await this.#near.getStats()) as ReadonlyMap<string, Record<string, unknown>>) stats.set(id, entry);
    const all = [...stats.values()];
    const transport = all.find(({ type }) => type === 'transport');
    const pair =
      stats.get(String(transport?.selectedCandidatePairId)) ??
      all.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated === true && state === 'succeeded');
    const local = stats.get(String(pair?.localCandidateId));
    const remote = stats.get(String(pair?.remoteCandidateId));
    if (!local || !remote) return null;
    const relay = local.relayProtocol;
    return {
      local: String(local.candidateType),
      remote: String(remote.candidateType),
      protocol: String(local.protocol),
      relayProtocol: typeof relay === 'string' && relay !== '' ? relay : null,
    };
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#close);
    this.#near.close();
    this.#far.close();
  }

  #trickle(from: RTCPeerConnection, to: RTCPeerConnection, accept: (candidate: RTCIceCandidate) => boolean): void {
    from.onicecandidate = ({ candidate }) => {
      if (candidate === null || candidate.candidate === '') return;
      if (candidate.type) this.#types.add(candidate.type);
      if (!accept(candidate)) return;
      this.#told += 1;
      // A candidate for a connection that was closed meanwhile is of no use to anybody.
      to.addIceCandidate(candidate).catch(() => undefined);
    };
    from.onicecandidateerror = ({ url, errorCode, errorText }) => {
      if (this.#errors.length < GATHERING_ERRORS_MAX) this.#errors.push({ url, code: errorCode, text: errorText });
    };
  }

  #opened(limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), limitMs);
      const settle = (opened: boolean) => {
        clearTimeout(timer);
        resolve(opened);
      };
      this.#channel.onopen = () => settle(true);
      this.#channel.onclose = () => settle(false);
      this.#signal.addEventListener('abort', () => settle(false), { once: true });
      this.#near.onconnectionstatechange = () => {
        if (this.#near.connectionState === 'failed') settle(false);
      };
      // Ends that have nothing to tell each other need not be waited for.
      const gathered = () => {
        const complete = [this.#near, this.#far].every(({ iceGatheringState }) => iceGatheringState === 'complete');
        if (complete && this.#told === 0) settle(false);
      };
      this.#near.onicegatheringstatechange = gathered;
      this.#far.onicegatheringstatechange = gathered;
    });
  }

  #echoOnce(message: string, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), limitMs);
      this.#channel.onmessage = ({ data }) => {
        if (data !== message) return;
        clearTimeout(timer);
        resolve(true);
      };
      this.#channel.send(message);
    });
  }
}
