/** Plays by HLS with low latency: with hls.js, which is loaded here, or with the browser's own player where that is all there is. */
import type Hls from 'hls.js';
import { NO_FIGURES, WayFailure, type Engine, type PlaybackFigures } from '../../lib/live/engine';
import { ElementFigures } from './element-figures';
import { firstPicture } from './first-picture';

const NATIVE = 'application/vnd.apple.mpegurl';

export function canPlayHls(video: HTMLVideoElement): boolean {
  return 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis || video.canPlayType(NATIVE) !== '';
}

export class HlsEngine implements Engine {
  readonly over: Promise<WayFailure>;
  readonly #video: HTMLVideoElement;
  readonly #url: string;
  readonly #figures: ElementFigures;
  #end: (failure: WayFailure) => void = () => undefined;
  #hls: Hls | undefined;
  #bytes = 0;
  #recovered = false;
  #stopped = false;

  constructor(video: HTMLVideoElement, url: string) {
    this.#video = video;
    this.#url = url;
    this.#figures = new ElementFigures(video);
    this.over = new Promise((resolve) => (this.#end = resolve));
  }

  async start(): Promise<void> {
    const { default: Hls } = await import('hls.js/light').catch(() => {
      throw new WayFailure('no-answer');
    });
    if (this.#stopped) throw new WayFailure('lost');
    if (Hls.isSupported()) this.#play(Hls);
    else this.#playNatively();
    await firstPicture(this.#video, this.over);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#figures.close();
    this.#hls?.destroy();
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  async figures(): Promise<PlaybackFigures> {
    const hls = this.#hls;
    if (!hls) return { ...NO_FIGURES, ...this.#figures.read(0, undefined, undefined), kbps: undefined };
    const level = hls.levels[Math.max(0, hls.currentLevel)];
    const codecs = [level?.videoCodec, level?.audioCodec].filter((codec) => codec).join(', ') || undefined;
    // Zero stands for "not known yet".
    return this.#figures.read(this.#bytes, hls.latency > 0 ? hls.latency * 1000 : undefined, codecs);
  }

  #play(Player: typeof Hls): void {
    // A worker would come from a blob, which the policy of the page does not let run.
    const hls = new Player({ enableWorker: false, lowLatencyMode: true, backBufferLength: 30, maxLiveSyncPlaybackRate: 1.1 });
    this.#hls = hls;
    const { Events, ErrorTypes, ErrorDetails } = Player;
    hls.on(Events.FRAG_LOADED, (_, { payload }) => (this.#bytes += payload.byteLength));
    hls.on(Events.ERROR, (_, { fatal, type, details, response }) => {
      if (!fatal) return;
      if (type === ErrorTypes.MEDIA_ERROR && details !== ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR && !this.#recovered) {
        this.#recovered = true;
        hls.recoverMediaError();
      } else if (type === ErrorTypes.NETWORK_ERROR) {
        this.#end(new WayFailure(response?.code === 404 ? 'off-air' : 'lost'));
      } else {
        this.#end(new WayFailure('codec'));
      }
    });
    hls.loadSource(this.#url);
    hls.attachMedia(this.#video);
  }

  #playNatively(): void {
    this.#video.addEventListener('error', () => this.#end(new WayFailure(this.#video.error?.code === MediaError.MEDIA_ERR_NETWORK ? 'lost' : 'codec')), { once: true });
    this.#video.src = this.#url;
  }
}
