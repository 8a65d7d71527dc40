/** Plays by FLV over HTTP, with mpegts.js, which is loaded here. */
import type Mpegts from 'mpegts.js';
import { NO_FIGURES, WayFailure, type Engine, type PlaybackFigures } from '../../lib/live/engine';
import type { StreamReport } from '../../lib/live/api';
import { ElementFigures, bufferedAheadMs } from './element-figures';
import { firstPicture } from './first-picture';

export function canPlayFlv(): boolean {
  return 'MediaSource' in globalThis;
}

/** What is kept in the buffer, and from where on it is caught up with. */
const BUFFER_SECONDS = { target: 0.8, most: 1.6 };

export class FlvEngine implements Engine {
  readonly over: Promise<WayFailure>;
  readonly #video: HTMLVideoElement;
  readonly #url: string;
  readonly #report: StreamReport;
  readonly #figures: ElementFigures;
  #end: (failure: WayFailure) => void = () => undefined;
  #player: Mpegts.Player | undefined;
  #stopped = false;

  constructor(video: HTMLVideoElement, url: string, report: StreamReport) {
    this.#video = video;
    this.#url = url;
    this.#report = report;
    this.#figures = new ElementFigures(video);
    this.over = new Promise((resolve) => (this.#end = resolve));
  }

  async start(): Promise<void> {
    const { default: mpegts } = await import('mpegts.js').catch(() => {
      throw new WayFailure('no-answer');
    });
    if (this.#stopped) throw new WayFailure('lost');
    if (!mpegts.getFeatureList().mseLivePlayback) throw new WayFailure('unsupported');
    mpegts.LoggingControl.enableAll = false;
    const told = this.#report.video !== null || this.#report.audio !== null;
    const source = { type: 'flv', isLive: true, url: this.#url, ...(told && { hasVideo: this.#report.video !== null, hasAudio: this.#report.audio !== null }) };
    const player = mpegts.createPlayer(source, {
      isLive: true,
      enableStashBuffer: false,
      liveSync: true,
      liveSyncTargetLatency: BUFFER_SECONDS.target,
      liveSyncMaxLatency: BUFFER_SECONDS.most,
      autoCleanupSourceBuffer: true,
    });
    this.#player = player;
    player.on(mpegts.Events.ERROR, (type: string, detail: string, told?: { code?: number }) => this.#fail(mpegts, type, detail, told?.code));
    player.on(mpegts.Events.LOADING_COMPLETE, () => this.#end(new WayFailure('lost')));
    player.attachMediaElement(this.#video);
    player.load();
    await firstPicture(this.#video, this.over);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#figures.close();
    this.#player?.destroy();
    this.#player = undefined;
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  async figures(): Promise<PlaybackFigures> {
    const player = this.#player;
    if (!player) return NO_FIGURES;
    const { speed } = player.statisticsInfo as Mpegts.MSEPlayerStatisticsInfo;
    const { videoCodec, audioCodec } = player.mediaInfo as Mpegts.MSEPlayerMediaInfo;
    const codecs = [videoCodec, audioCodec].filter((codec) => codec).join(', ') || undefined;
    const kbps = Number.isFinite(speed) ? (speed ?? 0) * 8 : undefined;
    return { ...this.#figures.read(0, bufferedAheadMs(this.#video), codecs), kbps };
  }

  #fail(mpegts: typeof Mpegts, type: string, detail: string, status: number | undefined): void {
    if (type !== mpegts.ErrorTypes.NETWORK_ERROR) this.#end(new WayFailure('codec'));
    else if (detail === mpegts.ErrorDetails.NETWORK_STATUS_CODE_INVALID && status === 404) this.#end(new WayFailure('not-on-air'));
    else this.#end(new WayFailure('lost'));
  }
}
