/** Where the lines, bands, bars and labels of a chart lie. Plain numbers, in the units of the drawing. */

/** What was measured, one value for each interval; undefined where nothing is known. */
export type Series = readonly (number | undefined)[];

export interface Frame {
  width: number;
  /** Heights of the two axis lines: of the ceiling and of zero. */
  top: number;
  bottom: number;
  /** How many values the width holds; the last value lies at its right end. */
  slots: number;
  /** The value at `top`. */
  ceiling: number;
}

/** The next round number above `value`, so that the axis does not jump with every sample. */
export function ceilingOf(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= value) ?? value;
}

/** The largest value of all; of series that lie on each other, the largest sum. */
export function largest(series: readonly Series[], stacked: boolean): number {
  if (stacked) return Math.max(0, ...(stack(series).at(-1) ?? []));
  return series.reduce((most, values) => values.reduce<number>((top, value) => Math.max(top, value ?? 0), most), 0);
}

/** For each series the sum of itself and all before it; what is not known adds nothing. The series end together. */
export function stack(series: readonly Series[]): number[][] {
  const length = Math.max(0, ...series.map((values) => values.length));
  const sums = new Array<number>(length).fill(0);
  return series.map((values) => {
    const missing = length - values.length;
    values.forEach((value, index) => (sums[missing + index] = (sums[missing + index] ?? 0) + (value ?? 0)));
    return [...sums];
  });
}

/** The drawn path of one line: it breaks where nothing is known, and a value alone between gaps is a dot. */
export function linePath(values: Series, frame: Frame): string {
  let path = '';
  values.forEach((value, index) => {
    if (value === undefined) return;
    const begins = values[index - 1] === undefined;
    path += `${begins ? 'M' : 'L'}${at(index, values.length, value, frame)}`;
    if (begins && values[index + 1] === undefined) path += 'h.1';
  });
  return path;
}

/** The band between two stacked series; the lowest lies on the axis. */
export function bandPath(upper: readonly number[], lower: readonly number[] | undefined, frame: Frame): string {
  if (upper.length === 0) return '';
  const above = upper.map((value, index) => at(index, upper.length, value, frame));
  const below = upper.map((_, index) => at(index, upper.length, lower?.[index] ?? 0, frame)).toReversed();
  return `M${above.join('L')}L${below.join('L')}Z`;
}

/** One bar for each value above zero; the last ends at the right end. */
export function barsPath(values: Series, frame: Frame): string {
  const step = frame.width / frame.slots;
  return values
    .map((value, index) => {
      if (!value) return '';
      const left = frame.width - (values.length - index) * step;
      return `M${round(left + step * 0.15)},${frame.bottom}V${round(height(value, frame))}h${round(step * 0.7)}V${frame.bottom}Z`;
    })
    .join('');
}

/** How wide the place at the right is that holds the numbers of the axis and the longest of the labels, in letters of 10. */
export function labelSpace(labels: readonly string[]): number {
  const widths = labels.map((label) => [...label].reduce((sum, letter) => sum + (letter >= FIRST_WIDE ? WIDE : NARROW), 0));
  return Math.round(Math.min(SPACE_MAX, Math.max(SPACE_MIN, SPACE_BEFORE + Math.max(0, ...widths))));
}

/** Moves labels apart that would cover each other, and no further: in order of their height, within the bounds. */
export function spread(wanted: readonly number[], gap: number, least: number, most: number): number[] {
  const order = wanted.map((height, index) => ({ height: Math.min(most, Math.max(least, height)), index })).toSorted((one, other) => one.height - other.height);
  order.forEach((label, place) => {
    const before = order[place - 1];
    if (before) label.height = Math.max(label.height, before.height + gap);
  });
  let limit = most;
  for (const label of order.toReversed()) {
    label.height = Math.min(label.height, limit);
    limit = label.height - gap;
  }
  const heights = new Array<number>(wanted.length).fill(0);
  for (const { index, height: found } of order) heights[index] = found;
  return heights;
}

/** The height at which `value` is drawn. */
export function height(value: number, { top, bottom, ceiling }: Frame): number {
  return top + (bottom - top) * (1 - value / ceiling);
}

/** Chinese characters and what is as wide begin here. */
const FIRST_WIDE = '\u2e80';
const WIDE = 10.5;
/** More than the mean of Latin letters in the fonts that pages are shown with. */
const NARROW = 5.6;
const SPACE_BEFORE = 4;
const SPACE_MIN = 46;
/** Whatever a publisher calls its layers, most of the drawing is the lines'. */
const SPACE_MAX = 120;

function at(index: number, count: number, value: number, frame: Frame): string {
  const x = frame.width - (count - 1 - index) * (frame.width / Math.max(1, frame.slots - 1));
  return `${round(x)},${round(height(value, frame))}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
