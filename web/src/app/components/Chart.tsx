/** What was measured over time: thin lines, stacked bands or bars. The axis has its unit, each line its name at its end. */
import './chart.css';
import { bandPath, barsPath, ceilingOf, height, labelSpace, largest, linePath, spread, stack, type Frame, type Series } from './chart-geometry';
import { t } from '../texts';

export interface ChartLine {
  /** Empty when the title says it. */
  label: string;
  /** Oldest first, equally far apart; undefined where nothing is known. */
  values: Series;
}

export interface ChartProps {
  title: string;
  unit: string;
  lines: readonly ChartLine[];
  /** `stacked`: parts of a whole, the first one lowest. `bars`: things that happen now and then. */
  kind?: 'lines' | 'stacked' | 'bars';
  /** How many values the axis holds; those that there are end at its right. */
  slots?: number;
  /** Time between two values. */
  intervalSeconds?: number;
  /** What stands at the ends of the axis of a measurement that is over. Else how long ago it was, and "now"; and the latest values are said. */
  ends?: readonly [from: string, to: string];
  /** The axis reaches to this value at least. */
  ceilingMin?: number;
  testid?: string;
}

/** Of the whole drawing, with the numbers and labels at its right. */
const WHOLE_WIDTH = 346;
const TOP = 6;
const BOTTOM = 56;
const LABEL_HEIGHT = 11;
const SLOTS = 60;
/** From here on the axis counts in minutes. */
const MINUTES_FROM_SECONDS = 120;

export function Chart({ title, unit, lines, kind = 'lines', slots = SLOTS, intervalSeconds = 1, ends, ceilingMin = 1, testid }: ChartProps) {
  const series = lines.map((line) => line.values);
  const ceiling = ceilingOf(Math.max(ceilingMin, largest(series, kind === 'stacked')));
  const width = WHOLE_WIDTH - labelSpace(lines.map((line) => line.label));
  const frame: Frame = { width, top: TOP, bottom: BOTTOM, slots, ceiling };
  const [from, to] = ends ?? [ago(slots * intervalSeconds), t('chart.now')];
  const latest = lines.map((line) => ({ label: line.label, words: inFigures(line.values.at(-1)) }));
  return (
    <figure class="chart" data-testid={testid}>
      <figcaption>
        <span>
          {title} <span class="quiet">{unit}</span>
        </span>
        {!ends && <span class="chart-latest">{latest.map(({ label, words }) => `${label} ${words}`.trim()).join(' · ')}</span>}
      </figcaption>
      <svg viewBox={`0 0 ${WHOLE_WIDTH} ${BOTTOM + 16}`} role="img" aria-label={`${title}: ${latest.map(({ label, words }) => `${label} ${words} ${unit}`.trim()).join(', ')}`}>
        <path class="chart-axis" d={`M0 ${TOP}H${width}M0 ${BOTTOM}H${width}`} />
        <text x={width + 4} y={TOP + 4}>
          {inFigures(ceiling)}
        </text>
        <text x={width + 4} y={BOTTOM + 3}>
          0
        </text>
        <text x="0" y={BOTTOM + 14}>
          {from}
        </text>
        <text x={width} y={BOTTOM + 14} text-anchor="end">
          {to}
        </text>
        <Marks kind={kind} series={series} frame={frame} />
        <Labels kind={kind} lines={lines} frame={frame} />
      </svg>
    </figure>
  );
}

function Marks({ kind, series, frame }: { kind: ChartProps['kind']; series: readonly Series[]; frame: Frame }) {
  if (kind === 'stacked') {
    const sums = stack(series);
    return <>{sums.map((upper, which) => <path key={which} class={`chart-band chart-band-${which}`} d={bandPath(upper, sums[which - 1], frame)} />)}</>;
  }
  return <>{series.map((values, which) => <path key={which} class={kind === 'bars' ? 'chart-bars' : `chart-line chart-line-${which}`} d={(kind === 'bars' ? barsPath : linePath)(values, frame)} />)}</>;
}

/** Beside the end of each line, clear of each other and of the numbers of the axis. */
function Labels({ kind, lines, frame }: { kind: ChartProps['kind']; lines: readonly ChartLine[]; frame: Frame }) {
  const shown = lines.map((line, which) => ({ line, which })).filter(({ line }) => line.label !== '' && line.values.at(-1) !== undefined);
  const tops = kind === 'stacked' ? stack(lines.map((line) => line.values)).map((sums) => sums.at(-1) ?? 0) : undefined;
  const wanted = shown.map(({ line, which }) => {
    const value = tops ? ((tops[which] ?? 0) + (tops[which - 1] ?? 0)) / 2 : (line.values.at(-1) ?? 0);
    return height(value, frame) + 4;
  });
  const heights = spread(wanted, LABEL_HEIGHT, TOP + LABEL_HEIGHT + 4, BOTTOM - LABEL_HEIGHT + 3);
  return (
    <>
      {shown.map(({ line, which }, place) => (
        <text key={which} class={`chart-label chart-label-${which}`} x={frame.width + 4} y={heights[place]}>
          {line.label}
        </text>
      ))}
    </>
  );
}

function ago(seconds: number): string {
  return seconds < MINUTES_FROM_SECONDS ? t('chart.ago', { n: seconds }) : t('chart.ago.minutes', { n: Math.round(seconds / 60) });
}

/** Short enough for the end of an axis: 950, 12k, 3.4M. */
function inFigures(value: number | undefined): string {
  if (value === undefined) return '–';
  for (const [size, name] of [[1e9, 'G'], [1e6, 'M'], [1e4, 'k']] as const) {
    const divisor = name === 'k' ? 1e3 : size;
    if (value >= size) return `${Number((value / divisor).toPrecision(3))}${name}`;
  }
  return value < 10 ? String(Number(value.toFixed(1))) : String(Math.round(value));
}
