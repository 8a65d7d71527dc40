/** What the page of a stream holds beside what it draws: the video element, its sound, and the playback that fills it. */
import { effect, signal } from '@preact/signals';
import { LiveApi, type StreamReport } from '../../lib/live/api';
import type { Engine, Way } from '../../lib/live/engine';
import { Playback } from '../../lib/live/playback';
import { addressesOf, withToken, type StreamName } from '../../lib/live/stream-name';
import { WhepPlayer } from '../../lib/live/whep-player';
import { recall, remember } from '../preferences';
import { FlvEngine, canPlayFlv } from './flv-engine';
import { HlsEngine, canPlayHls } from './hls-engine';

/** What one press of a key changes the volume by. */
const VOLUME_STEP = 0.05;
const MEASURE_MS = 1000;

export class WatchSession {
  readonly video = document.createElement('video');
  readonly playback: Playback;
  /** What the person wants; the browser may hold the sound back until it is pressed. */
  readonly muted = signal(recall('live.muted') === 'yes');
  readonly volume = signal(rememberedVolume());
  readonly soundHeld = signal(false);
  readonly paused = signal(false);
  readonly #name: StreamName;
  readonly #token: string | undefined;
  #ends: (() => void)[] = [];

  constructor(name: StreamName, token: string | undefined) {
    this.#name = name;
    this.#token = token;
    this.playback = new Playback({ name, api: new LiveApi(token), engine: (way, report) => this.#engine(way, report) });
    Object.assign(this.video, { playsInline: true, preload: 'auto' });
    this.video.dataset['testid'] = 'live-video';
  }

  start(): void {
    const networkChanged = () => this.playback.networkChanged();
    addEventListener('online', networkChanged);
    // A tab that is closed says so: else the server counts a viewer until it misses one. The browser may bring the page back.
    const gone = () => this.playback.stop();
    const back = () => this.playback.start();
    addEventListener('pagehide', gone);
    addEventListener('pageshow', back);
    const measuring = setInterval(() => void this.playback.measure(), MEASURE_MS);
    const begin = () => void this.#play();
    this.video.addEventListener('loadeddata', begin);
    const pausing = () => (this.paused.value = this.video.paused && this.playback.state.peek() === 'playing');
    for (const event of ['play', 'pause']) this.video.addEventListener(event, pausing);
    this.#ends = [
      () => removeEventListener('online', networkChanged),
      () => removeEventListener('pagehide', gone),
      () => removeEventListener('pageshow', back),
      () => clearInterval(measuring),
      () => this.video.removeEventListener('loadeddata', begin),
      () => ['play', 'pause'].forEach((event) => this.video.removeEventListener(event, pausing)),
      effect(() => this.#show(this.playback.engine.value)),
      effect(() => this.#sound()),
    ];
    this.playback.start();
  }

  stop(): void {
    for (const end of this.#ends) end();
    this.playback.stop();
    this.video.srcObject = null;
  }

  togglePaused(): void {
    if (this.playback.state.peek() !== 'playing') return;
    if (!this.video.paused) {
      this.video.pause();
      return;
    }
    // What went by in the meantime is not live any more.
    const { buffered } = this.video;
    if (this.video.srcObject === null && buffered.length > 0) this.video.currentTime = Math.max(this.video.currentTime, buffered.end(buffered.length - 1) - 1);
    void this.#play();
  }

  toggleMuted(): void {
    const silent = this.muted.peek() || this.soundHeld.peek();
    this.soundHeld.value = false;
    this.muted.value = !silent;
    if (silent && this.volume.peek() === 0) this.volume.value = 0.5;
    remember('live.muted', silent ? 'no' : 'yes');
  }

  setVolume(volume: number): void {
    this.volume.value = Math.min(1, Math.max(0, volume));
    this.soundHeld.value = false;
    this.muted.value = this.volume.peek() === 0;
    remember('live.volume', this.volume.peek().toFixed(2));
    remember('live.muted', this.muted.peek() ? 'yes' : 'no');
  }

  changeVolume(steps: number): void {
    this.setVolume(this.volume.peek() + steps * VOLUME_STEP);
  }

  togglePictureInPicture(): void {
    if (document.pictureInPictureElement) void document.exitPictureInPicture();
    else void this.video.requestPictureInPicture?.().catch(() => undefined);
  }

  #engine(way: Way, report: StreamReport): Engine | undefined {
    const { whep, hls, flv } = addressesOf(this.#name, { origin: location.origin, rtmpPort: null });
    if (way === 'webrtc') return typeof RTCPeerConnection === 'function' ? new WhepPlayer({ endpoint: whep, token: this.#token, hasVideo: report.video !== null }) : undefined;
    if (way === 'hls') return canPlayHls(this.video) ? new HlsEngine(this.video, withToken(hls, this.#token)) : undefined;
    return canPlayFlv() ? new FlvEngine(this.video, withToken(flv, this.#token), report) : undefined;
  }

  /** Engines that have a stream are shown by it; the others fill the element themselves. */
  #show(engine: Engine | undefined): void {
    const stream = engine instanceof WhepPlayer ? engine.stream.value : null;
    if (this.video.srcObject === stream) return;
    this.video.srcObject = stream;
  }

  #sound(): void {
    this.video.muted = this.muted.value || this.soundHeld.value;
    this.video.volume = this.volume.value;
  }

  /** With sound where the browser lets it; else without, and the page asks for a press. */
  async #play(): Promise<void> {
    try {
      await this.video.play();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'NotAllowedError') || this.video.muted) return;
      this.soundHeld.value = true;
      await this.video.play().catch(() => undefined);
    }
  }
}

function rememberedVolume(): number {
  const kept = Number(recall('live.volume') ?? 1);
  return kept >= 0 && kept <= 1 ? kept : 1;
}
