/** The measuring of a running call: statistics once a second, voices five times a second. */
import { signal } from '@preact/signals-core';
import type { Call } from './call';
import { QualityMeter, type Quality } from './quality';
import { HISTORY_SECONDS, StatsReader, type Sample } from './stats';

const STATS_INTERVAL_MS = 1000;
const VOICE_INTERVAL_MS = 200;
/** A microphone that is on and gives not the least sound for this long is not heard by anybody. */
const SILENT_SECONDS = 8;

export class Pulse {
  readonly history = signal<readonly Sample[]>([]);
  readonly quality = signal<Quality>({ level: 4, reason: undefined });
  /** The own microphone is on but gives nothing at all. */
  readonly silent = signal(false);

  readonly #call: Call;
  readonly #now: () => number;
  #timers: ReturnType<typeof setInterval>[] = [];
  #measured: RTCPeerConnection | undefined;
  #reader = new StatsReader();
  #meter = new QualityMeter();
  #silentSince: { energy: number; at: number } | undefined;

  constructor(call: Call, now: () => number) {
    this.#call = call;
    this.#now = now;
  }

  start(): void {
    this.stop();
    this.#timers = [setInterval(() => void this.#measure(), STATS_INTERVAL_MS), setInterval(() => this.#listen(), VOICE_INTERVAL_MS)];
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  async #measure(): Promise<void> {
    const [first] = this.#call.participants.peek();
    const served = first?.path.peek() === 'server' || (!first && this.#call.topology.mode.peek() === 'sfu');
    const link = served ? this.#call.topology.session.peek()?.link.peek() : first?.shown.peek();
    const connection = link?.connection;
    if (connection !== this.#measured) this.#begin(connection);
    if (!connection || link?.state.peek() !== 'connected') return;
    const report = await connection.getStats();
    if (connection !== this.#measured) return;
    const entries: [string, unknown][] = [];
    report.forEach((entry, id) => entries.push([id, entry]));
    const sample = this.#reader.read(entries, served);
    this.history.value = [...this.history.peek(), sample].slice(-HISTORY_SECONDS);
    const quality = this.#meter.add(sample);
    const shown = this.quality.peek();
    if (quality.level !== shown.level || quality.reason !== shown.reason) this.quality.value = quality;
    this.#watchMicrophone(sample.microphoneEnergy);
  }

  #begin(connection: RTCPeerConnection | undefined): void {
    this.#measured = connection;
    this.#reader = new StatsReader();
    this.#meter = new QualityMeter();
    this.#silentSince = undefined;
    this.history.value = [];
    this.quality.value = { level: 4, reason: undefined };
    this.silent.value = false;
  }

  #watchMicrophone(energy: number | undefined): void {
    const { audio } = this.#call.media.state.peek();
    if (!audio || energy === undefined) this.#silentSince = undefined;
    else if (this.#silentSince?.energy !== energy) this.#silentSince = { energy, at: this.#now() };
    this.silent.value = this.#silentSince !== undefined && this.#now() - this.#silentSince.at > SILENT_SECONDS * 1000;
  }

  #listen(): void {
    const now = this.#now();
    for (const participant of this.#call.participants.peek()) {
      // Who speaks through the server, the server says.
      if (participant.path.peek() === 'server') continue;
      const receiver = participant.shown.peek()?.connection.getReceivers().find((candidate) => candidate.track.kind === 'audio');
      const level = Math.max(0, ...(receiver?.getSynchronizationSources().map((source) => source.audioLevel ?? 0) ?? []));
      participant.hear(level, now);
    }
  }
}
