/** Listens to a microphone for a while and keeps the few numbers that tell whether it works. */
import { orAborted, pause } from '../abort';

export interface Sound {
  /** Greatest amplitude, 0..1. */
  readonly peak: number;
  /** Root mean square amplitude, 0..1. */
  readonly rms: number;
  /** Share of samples that are exactly zero: a sensor always has some noise, a muted one has none. */
  readonly zeroShare: number;
  /** Runs of more than {@link CLIPPED_RUN} consecutive samples at the stop. */
  readonly clippedRuns: number;
  readonly samples: number;
  readonly sampleRate: number;
  /** Both channels carry sound and differ. */
  readonly stereo: boolean;
}

/** Shorter runs at full scale are ordinary loud consonants. */
const CLIPPED_RUN = 6;
const FULL_SCALE = 0.98;
/** Covers 0.68 s at 48 kHz; reading more often than that leaves no gap. */
const WINDOW = 32_768;
const READ_EVERY_MS = 400;

/** Adds up stretches of samples. They may overlap: no number here suffers from counting a sample twice. */
export class SoundMeter {
  #peak = 0;
  #squares = 0;
  #zeros = 0;
  #samples = 0;
  #clippedRuns = 0;

  add(stretch: Float32Array): void {
    let run = 0;
    for (const sample of stretch) {
      const amplitude = Math.abs(sample);
      if (amplitude > this.#peak) this.#peak = amplitude;
      if (amplitude === 0) this.#zeros += 1;
      this.#squares += sample * sample;
      run = amplitude >= FULL_SCALE ? run + 1 : 0;
      if (run === CLIPPED_RUN + 1) this.#clippedRuns += 1;
    }
    this.#samples += stretch.length;
  }

  read(sampleRate: number, stereo: boolean): Sound {
    const samples = this.#samples;
    return {
      peak: this.#peak,
      rms: samples > 0 ? Math.sqrt(this.#squares / samples) : 0,
      zeroShare: samples > 0 ? this.#zeros / samples : 1,
      clippedRuns: this.#clippedRuns,
      samples,
      sampleRate,
      stereo,
    };
  }
}

/** `null` when the browser does not let a page process sound before a click. */
export async function listen(track: MediaStreamTrack, durationMs: number, signal: AbortSignal): Promise<Sound | null> {
  const audio = new AudioContext();
  try {
    if (audio.state !== 'running') await Promise.race([audio.resume(), pause(1_000, signal)]);
    if (audio.state !== 'running') return null;
    const splitter = audio.createChannelSplitter(2);
    audio.createMediaStreamSource(new MediaStream([track])).connect(splitter);
    const left = analyser(audio, splitter, 0);
    const right = analyser(audio, splitter, 1);
    return await orAborted(collect(audio, left, right, durationMs, signal), signal);
  } finally {
    await audio.close();
  }
}

function analyser(audio: AudioContext, source: AudioNode, channel: number): AnalyserNode {
  const node = audio.createAnalyser();
  node.fftSize = WINDOW;
  source.connect(node, channel);
  return node;
}

async function collect(audio: AudioContext, left: AnalyserNode, right: AnalyserNode, durationMs: number, signal: AbortSignal): Promise<Sound> {
  const meter = new SoundMeter();
  const [heard, other] = [new Float32Array(WINDOW), new Float32Array(WINDOW)];
  const startedMs = audio.currentTime * 1_000;
  let stereo = false;
  do {
    await pause(READ_EVERY_MS, signal);
    left.getFloatTimeDomainData(heard);
    right.getFloatTimeDomainData(other);
    // What lies before the first sample of the microphone is not its silence.
    const elapsed = Math.floor((audio.currentTime - startedMs / 1_000) * audio.sampleRate);
    meter.add(elapsed < WINDOW ? heard.subarray(WINDOW - elapsed) : heard);
    stereo ||= other.some((sample, index) => sample !== 0 && sample !== heard[index]);
  } while (audio.currentTime * 1_000 - startedMs < durationMs);
  return meter.read(audio.sampleRate, stereo);
}
