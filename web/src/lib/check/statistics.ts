/** Order statistics of a few dozen measurements. */

export interface Spread {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** Nearest-rank percentiles; `null` for no samples, because 0 would be a claim. */
export function spread(samples: readonly number[]): Spread | null {
  if (samples.length === 0) return null;
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
  return { count: sorted.length, min: rank(0), median: rank(0.5), p95: rank(0.95), max: rank(1) };
}

/** One decimal is all a browser's clock is good for. */
export function round(value: number, digits = 1): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}

/** Amplitude 0..1 as dB relative to full scale; -Infinity has no JSON form, so silence is `null`. */
export function decibels(amplitude: number): number | null {
  return amplitude > 0 ? round(20 * Math.log10(amplitude)) : null;
}
