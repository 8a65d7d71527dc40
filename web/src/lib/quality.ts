/** How good the connection is, in four steps, and the one reason why it is not better. */
import type { Sample } from './stats';

export type QualityLevel = 1 | 2 | 3 | 4;
export type QualityReason = 'loss' | 'delay' | 'jitter' | 'bandwidth' | 'computer';

export interface Quality {
  level: QualityLevel;
  /** Undefined at level 4. */
  reason: QualityReason | undefined;
}

/** Limits below which a measure still belongs to levels 4, 3 and 2. People notice 150 ms, talk over each other at 400 ms. */
const LIMITS: Readonly<Record<'loss' | 'delay' | 'jitter', readonly [number, number, number]>> = {
  loss: [0.02, 0.05, 0.1],
  delay: [200, 400, 700],
  jitter: [40, 80, 150],
};
/** Room for the sound and a picture of postage-stamp, small and ordinary size. */
const BANDWIDTH_KBPS: readonly [number, number, number] = [300, 150, 70];
/** A change shows only when this many of the last samples agree, so that the mark does not flicker. */
const WINDOW = 4;

/** Judges one sample. */
export function judge(sample: Sample): Quality {
  const loss = Math.max(...[sample.audioIn, sample.videoIn, sample.audioOut, sample.videoOut].map((flow) => flow?.loss ?? 0));
  const measures: [QualityReason, QualityLevel][] = [
    ['loss', rising(loss, LIMITS.loss)],
    ['delay', rising(sample.rttMs ?? 0, LIMITS.delay)],
    ['jitter', rising(sample.audioIn?.jitterMs ?? 0, LIMITS.jitter)],
    ['bandwidth', bandwidth(sample)],
    ['computer', sample.limitedBy === 'cpu' && (sample.videoOut?.fps ?? 30) < 10 ? 3 : 4],
  ];
  let worst: Quality = { level: 4, reason: undefined };
  for (const [reason, level] of measures) if (level < worst.level) worst = { level, reason };
  return worst;
}

/** Judges a stream of samples, slow to change its mind. */
export class QualityMeter {
  #recent: Quality[] = [];
  #shown: Quality = { level: 4, reason: undefined };

  add(sample: Sample): Quality {
    this.#recent = [...this.#recent, judge(sample)].slice(-WINDOW);
    const sorted = this.#recent.toSorted((one, other) => one.level - other.level);
    // The second worst of the window: one bad second is no bad connection, two are.
    const typical = sorted[Math.min(1, sorted.length - 1)];
    if (typical && this.#recent.length >= 2) this.#shown = typical;
    return this.#shown;
  }
}

function rising(value: number, [good, fair, poor]: readonly [number, number, number]): QualityLevel {
  if (value <= good) return 4;
  if (value <= fair) return 3;
  return value <= poor ? 2 : 1;
}

function bandwidth(sample: Sample): QualityLevel {
  const available = sample.availableKbps;
  if (available === undefined || sample.limitedBy !== 'bandwidth') return 4;
  const [good, fair, poor] = BANDWIDTH_KBPS;
  if (available >= good) return 4;
  if (available >= fair) return 3;
  return available >= poor ? 2 : 1;
}
