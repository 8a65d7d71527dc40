/** Publishes sound and pictures by WHIP, and goes on after the network or the server was away. What is sent may change at any time. */
import { batch, signal } from '@preact/signals-core';
import { backoffMs } from '../backoff';
import { StatsReader, type Sample } from '../stats';
import { broadcastCodecs, encodingOf, type BroadcastQuality } from './broadcast-quality';
import { LiveProblem } from './problem';
import { SessionResource } from './session-resource';
import { CONNECT_MS_MAX, WebRtcSession } from './webrtc-session';

export type PublisherState =
  | 'idle'
  | 'connecting'
  | 'live'
  /** It was live; the server or the network is away for a moment. */
  | 'reconnecting'
  /** The server does not want it: {@link WhipPublisher.problem} says why. */
  | 'refused';

export interface PublisherOptions {
  endpoint: string;
  token?: string | undefined;
  /** With what the way to the server is looked for; without answer, none. */
  iceServers: () => Promise<RTCIceServer[]>;
  quality: BroadcastQuality;
  ask?: typeof fetch;
  connect?: (configuration: RTCConfiguration) => RTCPeerConnection;
  random?: () => number;
}

/** What is sent; `null` is silence, or no picture. */
export interface Outgoing {
  audio: MediaStreamTrack | null;
  video: MediaStreamTrack | null;
}

/** A session that broke off holds the name until the server has missed it for so long. */
export const OWN_GHOST_MS_MAX = 45_000;
/** Samples that are remembered: a minute. */
export const SAMPLES = 60;

export class WhipPublisher {
  readonly state = signal<PublisherState>('idle');
  /** The code of the server's refusal; `no-connection` when no way led to it. */
  readonly problem = signal<string | undefined>(undefined);
  /** Oldest first, one a second. */
  readonly history = signal<readonly Sample[]>([]);
  readonly #options: PublisherOptions;
  #quality: BroadcastQuality;
  #outgoing: Outgoing = { audio: null, video: null };
  #session: WebRtcSession | undefined;
  #senders: { audio: RTCRtpSender; video: RTCRtpSender } | undefined;
  #reader = new StatsReader();
  #running: AbortController | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#quality = options.quality;
  }

  /** Goes on air, and stays there until {@link stop}. */
  start(outgoing: Outgoing): void {
    if (this.#running) return;
    this.#outgoing = outgoing;
    this.#running = new AbortController();
    batch(() => {
      this.state.value = 'connecting';
      this.problem.value = undefined;
      this.history.value = [];
    });
    void this.#run(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#session?.close();
    this.state.value = 'idle';
  }

  /** Sends something else from now on. */
  async send(outgoing: Outgoing): Promise<void> {
    this.#outgoing = outgoing;
    await Promise.all([this.#senders?.audio.replaceTrack(outgoing.audio), this.#senders?.video.replaceTrack(outgoing.video)]);
    await this.#encode();
  }

  async setQuality(quality: BroadcastQuality): Promise<void> {
    this.#quality = quality;
    await this.#encode();
  }

  /** The network may be another one. */
  networkChanged(): void {
    this.#session?.networkChanged();
  }

  /** Remembers what is sent, in figures; to be called once a second. */
  async measure(): Promise<void> {
    const session = this.#session;
    if (!session || this.state.peek() !== 'live') return;
    const entries: [string, unknown][] = [];
    (await session.connection.getStats()).forEach((entry, id) => entries.push([id, entry]));
    if (this.#session === session) this.history.value = [...this.history.peek(), this.#reader.read(entries)].slice(-SAMPLES);
  }

  async #run(signal: AbortSignal): Promise<void> {
    let lostAt: number | undefined;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const session = await this.#connect(signal);
      try {
        await session.open();
        await reached(session, 'connected', signal);
        await this.#encode();
        batch(() => {
          this.state.value = 'live';
          this.problem.value = undefined;
        });
        attempt = 0;
        await reached(session, 'over', signal);
        lostAt = Date.now();
      } catch (error) {
        if (signal.aborted) return;
        const problem = error instanceof LiveProblem ? error : new LiveProblem('no-connection');
        const isOwnGhost = problem.code === 'on-air' && lostAt !== undefined && Date.now() - lostAt < OWN_GHOST_MS_MAX;
        const isAway = lostAt !== undefined && ['no-answer', 'no-connection', 'busy', 'too-many-requests'].includes(problem.code);
        this.problem.value = problem.code;
        if (!isOwnGhost && !isAway) {
          this.#running = undefined;
          this.state.value = 'refused';
          return;
        }
      } finally {
        session.close();
      }
      if (signal.aborted) return;
      this.state.value = 'reconnecting';
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, (this.#options.random ?? Math.random)())));
    }
  }

  async #connect(signal: AbortSignal): Promise<WebRtcSession> {
    const connect = this.#options.connect ?? ((configuration) => new RTCPeerConnection(configuration));
    const iceServers = await this.#options.iceServers().catch(() => []);
    const connection = connect({ bundlePolicy: 'max-bundle', iceServers });
    const { audio, video } = this.#outgoing;
    const sends = (track: MediaStreamTrack | null, kind: string) => connection.addTransceiver(track ?? kind, { direction: 'sendonly' });
    const [ofAudio, ofVideo] = [sends(audio, 'audio'), sends(video, 'video')];
    const codecs = broadcastCodecs(globalThis.RTCRtpSender?.getCapabilities?.('video')?.codecs);
    if (codecs) ofVideo.setCodecPreferences(codecs);
    this.#senders = { audio: ofAudio.sender, video: ofVideo.sender };
    this.#reader = new StatsReader();
    const session = new WebRtcSession(connection, new SessionResource(this.#options.endpoint, this.#options.token, this.#options.ask));
    if (signal.aborted) session.close();
    this.#session = session;
    return session;
  }

  /** Tells the encoder what is wanted of this picture. */
  async #encode(): Promise<void> {
    const sender = this.#senders?.video;
    const parameters = sender?.getParameters();
    const encoding = parameters?.encodings?.[0];
    if (!sender || !parameters || !encoding) return;
    Object.assign(encoding, encodingOf(this.#quality, this.#outgoing.video?.getSettings().height));
    // Rejects when the session has ended in between.
    await sender.setParameters(parameters).catch(() => undefined);
  }
}

/** Waits for a phase. Without a connection there is a limit to it. */
function reached(session: WebRtcSession, wanted: 'connected' | 'over', signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = wanted === 'connected' ? setTimeout(() => settle(() => reject(new LiveProblem('no-connection'))), CONNECT_MS_MAX) : undefined;
    let unsubscribe: () => void = () => undefined;
    const settle = (how: () => void) => {
      clearTimeout(late);
      queueMicrotask(() => unsubscribe());
      how();
    };
    unsubscribe = session.phase.subscribe((phase) => {
      if (phase === wanted) settle(resolve);
      else if (phase === 'over') settle(() => reject(new LiveProblem('no-connection')));
    });
    signal.addEventListener('abort', () => settle(() => reject(new LiveProblem('ended'))), { once: true });
  });
}
