/** What the studio holds beside what it draws: the devices, what of them is sent, and the publisher. */
import { computed, effect, signal } from '@preact/signals';
import { LiveApi, type StreamReport } from '../../lib/live/api';
import { qualityOf, type BroadcastQuality } from '../../lib/live/broadcast-quality';
import { RecordingsApi } from '../../lib/live/recordings';
import { SoundMix } from '../../lib/live/sound-mix';
import { addressesOf, type StreamName } from '../../lib/live/stream-name';
import { StreamRecorder } from '../../lib/live/stream-recorder';
import { StreamTargets } from '../../lib/live/stream-targets';
import { TargetsApi } from '../../lib/live/targets';
import { WhipPublisher, type Outgoing } from '../../lib/live/whip-publisher';
import { fetchIceServers } from '../../lib/ice-servers';
import { parseUrlParameters } from '../../lib/url-parameters';
import { token as operator } from '../admin/token';
import { keepAwake } from '../call/wake-lock';
import { recall, remember } from '../preferences';
import { recallMedia } from '../room/media-memory';
import { holdPage } from '../router';
import { t } from './texts';

export type Source = 'camera' | 'screen';

const MEASURE_MS = 1000;
/** How often it is asked how many watch. */
const LOOK_MS = 3000;

export class StudioSession {
  readonly media;
  readonly source = signal<Source>('camera');
  readonly quality = signal<BroadcastQuality>(qualityOf(Number(recall('studio.height'))));
  /** The one that is on air, or was meant to be. */
  readonly publisher = signal<WhipPublisher | undefined>(undefined);
  readonly name = signal<StreamName | undefined>(undefined);
  /** What the server says of the stream; undefined before it is on air. */
  readonly report = signal<StreamReport | undefined>(undefined);
  /** Undefined off air, and without a token: nobody records without one. */
  readonly recorder = signal<StreamRecorder | undefined>(undefined);
  /** Where it goes on to; undefined as above. */
  readonly targets = signal<StreamTargets | undefined>(undefined);
  readonly isOnAir = computed(() => ['connecting', 'live', 'reconnecting'].includes(this.publisher.value?.state.value ?? 'idle'));
  readonly picture = computed(() => (this.source.value === 'screen' ? (this.media.screen.value?.getVideoTracks()[0] ?? null) : this.media.camera.value));
  readonly #token: string | undefined;
  readonly #mix = new SoundMix();
  #ends: (() => void)[] = [];
  #looking: AbortController | undefined;

  constructor(token: string | undefined) {
    this.#token = token;
    const { media, forget } = recallMedia(parseUrlParameters(''));
    this.media = media;
    this.#ends.push(forget);
  }

  start(): void {
    void this.media.start();
    const networkChanged = () => this.publisher.peek()?.networkChanged();
    const leaving = (event: BeforeUnloadEvent) => {
      if (this.isOnAir.peek()) event.preventDefault();
    };
    const gone = () => this.end();
    const network = (navigator as { connection?: EventTarget }).connection;
    addEventListener('online', networkChanged);
    network?.addEventListener('change', networkChanged);
    addEventListener('beforeunload', leaving);
    addEventListener('pagehide', gone);
    const measuring = setInterval(() => void this.publisher.peek()?.measure(), MEASURE_MS);
    this.#ends.push(
      () => removeEventListener('online', networkChanged),
      () => network?.removeEventListener('change', networkChanged),
      () => removeEventListener('beforeunload', leaving),
      () => removeEventListener('pagehide', gone),
      () => clearInterval(measuring),
      holdPage(() => !this.isOnAir.peek() || confirm(t('leave'))),
      effect(() => {
        // Stopped by the browser's own button: the camera takes the place of the screen.
        if (this.source.value === 'screen' && this.media.screen.value === null) this.source.value = 'camera';
      }),
      effect(() => this.#send(this.#outgoing())),
      effect(() => (this.isOnAir.value ? keepAwake() : undefined)),
    );
  }

  stop(): void {
    this.end();
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#mix.close();
    this.media.close();
  }

  goLive(name: StreamName): void {
    this.end();
    const { whip } = addressesOf(name, { origin: location.origin, rtmpPort: null });
    const iceServers = async () => (await fetchIceServers(location.origin, this.#token)).servers;
    const publisher = new WhipPublisher({ endpoint: whip, token: this.#token, iceServers, quality: this.quality.peek() });
    this.name.value = name;
    publisher.start(this.#outgoing());
    this.publisher.value = publisher;
    this.#looking = new AbortController();
    void this.#look(name, this.#looking.signal);
    const key = this.#token ?? operator.peek() ?? undefined;
    if (key === undefined) return;
    this.recorder.value = new StreamRecorder(new RecordingsApi(key), name);
    this.recorder.peek()?.open();
    this.targets.value = new StreamTargets(new TargetsApi(key), name);
    this.targets.peek()?.open();
  }

  end(): void {
    this.#looking?.abort();
    this.recorder.peek()?.close();
    this.recorder.value = undefined;
    this.targets.peek()?.close();
    this.targets.value = undefined;
    this.publisher.peek()?.stop();
    this.publisher.value = undefined;
    this.report.value = undefined;
  }

  async choose(source: Source): Promise<void> {
    if (source === 'screen' && !(await this.media.shareScreen())) return;
    if (source === 'camera') this.media.stopScreen();
    this.source.value = source;
  }

  chooseQuality(height: number): void {
    const quality = qualityOf(height);
    this.quality.value = quality;
    remember('studio.height', String(quality.height));
    // A camera that cannot do it gives what it can.
    void this.media.camera.peek()?.applyConstraints({ width: { ideal: Math.round((quality.height * 16) / 9) }, height: { ideal: quality.height } }).catch(() => undefined);
    void this.publisher.peek()?.setQuality(quality);
  }

  #outgoing(): Outgoing {
    const microphone = this.media.microphone.value;
    const ofScreen = this.source.value === 'screen' ? (this.media.screen.value?.getAudioTracks() ?? []) : [];
    return { audio: this.#mix.of(microphone ? [microphone, ...ofScreen] : ofScreen), video: this.picture.value };
  }

  #send(outgoing: Outgoing): void {
    void this.publisher.peek()?.send(outgoing);
  }

  async #look(name: StreamName, signal: AbortSignal): Promise<void> {
    const api = new LiveApi(this.#token);
    while (!signal.aborted) {
      const report = await api.one(name, signal).catch(() => undefined);
      if (signal.aborted) return;
      this.report.value = report;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
