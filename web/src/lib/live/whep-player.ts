/** Plays a stream by WHEP: sound and pictures as a MediaStream. */
import { signal } from '@preact/signals-core';
import { StatsReader, type Sample } from '../stats';
import { FIRST_MEDIA_MS_MAX, NOTHING_MS_MAX, NO_FIGURES, WayFailure, type Engine, type PlaybackFigures } from './engine';
import { LiveProblem } from './problem';
import { SessionResource } from './session-resource';
import { WebRtcSession } from './webrtc-session';

export interface WhepOptions {
  endpoint: string;
  token?: string | undefined;
  /** Whether the publisher sends pictures: sound alone is then not enough to begin with. */
  hasVideo: boolean;
  ask?: typeof fetch;
  connect?: (configuration: RTCConfiguration) => RTCPeerConnection;
}

/** How long the way to the media server is looked for: there are other ways to the stream. */
export const CONNECT_MS_MAX = 6_000;
/** How often it is looked whether something came. */
const LOOK_MS = 150;
/** A playing stream from which nothing comes for so long has an end, or its way has. */
const SILENCE_MS_MAX = 8_000;

type Report = Map<string, Record<string, unknown>>;

export class WhepPlayer implements Engine {
  /** To be shown; its tracks come with the answer. */
  readonly stream = signal<MediaStream | null>(null);
  readonly over: Promise<WayFailure>;
  readonly #options: WhepOptions;
  readonly #session: WebRtcSession;
  readonly #reader = new StatsReader();
  #end: (failure: WayFailure) => void = () => undefined;
  #stopped = false;
  #watch: ReturnType<typeof setInterval> | undefined;
  #before: Report = new Map();

  constructor(options: WhepOptions) {
    this.#options = options;
    this.over = new Promise((resolve) => (this.#end = resolve));
    const connect = options.connect ?? ((configuration) => new RTCPeerConnection(configuration));
    const connection = connect({ bundlePolicy: 'max-bundle' });
    this.#session = new WebRtcSession(connection, new SessionResource(options.endpoint, options.token, options.ask));
    connection.ontrack = ({ streams }) => (this.stream.value = streams[0] ?? null);
    for (const kind of ['audio', 'video']) connection.addTransceiver(kind, { direction: 'recvonly' });
  }

  async start(): Promise<void> {
    try {
      await this.#session.open();
    } catch (error) {
      this.stop();
      throw new WayFailure(error instanceof LiveProblem ? error.code : 'no-connection');
    }
    await this.#firstMedia().catch((error: unknown) => {
      this.stop();
      throw error;
    });
    this.#session.phase.subscribe((phase) => {
      if (phase === 'over' && !this.#stopped) this.#end(new WayFailure('lost'));
    });
    this.#guard();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#watch);
    this.#session.close();
    this.stream.value = null;
  }

  networkChanged(): void {
    this.#session.networkChanged();
  }

  async figures(): Promise<PlaybackFigures> {
    if (this.#stopped) return NO_FIGURES;
    const report = await this.#report();
    const sample = this.#reader.read(report);
    const video = inbound(report, 'video');
    const figures = { ...figuresOf(sample), delayMs: this.#delayMs(report, sample), freezes: numberIn(video, 'freezeCount'), freezeSeconds: sample.freezeSeconds };
    this.#before = report;
    return figures;
  }

  /** Half a round trip, and what a picture (or sound) waited from its first packet until it was decoded. The publisher's own delay is not in it. */
  #delayMs(report: Report, sample: Sample): number | undefined {
    const [now, before] = [inbound(report, 'video') ?? inbound(report, 'audio'), this.#before];
    const earlier = now && before.get(String(now['id']));
    if (!now || !earlier) return undefined;
    const grown = (name: string) => numberIn(now, name) - numberIn(earlier, name);
    const emitted = grown('jitterBufferEmittedCount');
    if (emitted <= 0) return undefined;
    return ((grown('jitterBufferDelay') / emitted) * 1000) + (sample.rttMs ?? 0) / 2;
  }

  async #firstMedia(): Promise<void> {
    const began = Date.now();
    let connectedAt: number | undefined;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (this.#stopped) throw new WayFailure('lost');
      const phase = this.#session.phase.peek();
      if (phase === 'over' || (phase === 'connecting' && Date.now() - began > CONNECT_MS_MAX)) throw new WayFailure('no-connection');
      if (phase === 'connecting') continue;
      connectedAt ??= Date.now();
      const report = await this.#report();
      const [video, audio] = [inbound(report, 'video'), inbound(report, 'audio')];
      if (numberIn(video, 'framesDecoded') > 0 || (!this.#options.hasVideo && numberIn(audio, 'packetsReceived') > 0)) return;
      const isComing = numberIn(this.#options.hasVideo ? video : audio, 'packetsReceived') > 0;
      if (Date.now() - connectedAt > (isComing ? FIRST_MEDIA_MS_MAX : NOTHING_MS_MAX)) throw new WayFailure('no-media');
    }
  }

  /** A session outlives its publisher. Where nothing comes any more, whoever plays looks whether there is still one. */
  #guard(): void {
    let [bytes, since] = [-1, Date.now()];
    this.#watch = setInterval(() => {
      void this.#report().then((report) => {
        const received = numberIn(inbound(report, 'video'), 'bytesReceived') + numberIn(inbound(report, 'audio'), 'bytesReceived');
        if (received !== bytes) [bytes, since] = [received, Date.now()];
        else if (Date.now() - since > SILENCE_MS_MAX && this.#session.phase.peek() === 'connected') this.#end(new WayFailure('lost'));
      });
    }, 1000);
  }

  async #report(): Promise<Report> {
    const report: Report = new Map();
    (await this.#session.connection.getStats()).forEach((entry: Record<string, unknown>, id: string) => report.set(id, entry));
    return report;
  }
}

function figuresOf(sample: Sample): PlaybackFigures {
  const { videoIn, audioIn, path } = sample;
  const relayed = path?.local === 'relay';
  return {
    ...NO_FIGURES,
    kbps: (videoIn?.kbps ?? 0) + (audioIn?.kbps ?? 0),
    width: videoIn?.width,
    height: videoIn?.height,
    fps: videoIn?.fps,
    codecs: [videoIn?.codec, audioIn?.codec].filter((codec) => codec !== undefined).join(', ') || undefined,
    loss: videoIn?.loss ?? audioIn?.loss,
    rttMs: sample.rttMs,
    transport: relayed ? 'relay' : path?.protocol,
  };
}

function inbound(report: Report, kind: string): Record<string, unknown> | undefined {
  return [...report.values()].find((entry) => entry['type'] === 'inbound-rtp' && entry['kind'] === kind);
}

function numberIn(entry: Record<string, unknown> | undefined, name: string): number {
  const value = entry?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
