/** One way to play a stream. What plays is whatever comes first to the end of it: pictures, or sound where there are none. */

/** The ways, best first: by WebRTC, by HLS of low latency, by FLV over HTTP. */
export const WAYS = ['webrtc', 'hls', 'flv'] as const;
export type Way = (typeof WAYS)[number];

/**
 * Why a way does not lead to the stream, or no longer does: the browser cannot (`unsupported`), no connection (`no-connection`),
 * connected and nothing came (`no-media`), a codec that the browser does not decode (`codec`), it ended or broke off (`lost`); else the code of
 * the server's answer.
 */
export class WayFailure extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'WayFailure';
  }
}

/** What plays, in figures; what cannot be known is undefined. */
export interface PlaybackFigures {
  /** What was received, in kbit/s. */
  kbps: number | undefined;
  width: number | undefined;
  height: number | undefined;
  fps: number | undefined;
  codecs: string | undefined;
  /** How far what is shown is behind what the server has. How it is known depends on the way. */
  delayMs: number | undefined;
  /** How often, and for how many seconds, the picture stood still. */
  freezes: number;
  freezeSeconds: number;
  /** Of packets, 0 to 1. */
  loss: number | undefined;
  rttMs: number | undefined;
  /** Of a connection by WebRTC: `udp`, `tcp` or `relay`. */
  transport: string | undefined;
}

export const NO_FIGURES: PlaybackFigures = {
  kbps: undefined,
  width: undefined,
  height: undefined,
  fps: undefined,
  codecs: undefined,
  delayMs: undefined,
  freezes: 0,
  freezeSeconds: 0,
  loss: undefined,
  rttMs: undefined,
  transport: undefined,
};

/** A way that was taken. It is used once. */
export interface Engine {
  /**
   * Resolves when something plays.
   * @throws WayFailure
   */
  start(): Promise<void>;
  /** Resolves when nothing more will come by this way, or never after {@link stop}. */
  readonly over: Promise<WayFailure>;
  stop(): void;
  /** Asked about once a second. */
  figures(): Promise<PlaybackFigures>;
  /** The network may be another one. */
  networkChanged?(): void;
}

/** How long the first picture or sound may take, once a connection stands and as long as something comes. Encoders set key frames up to ten seconds apart. */
export const FIRST_MEDIA_MS_MAX = 14_000;
/** How long there may be nothing at all. */
export const NOTHING_MS_MAX = 6_000;
