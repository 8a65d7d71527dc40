/** Thin lines over the last minute, the axis labelled with its unit, each line labelled at its end. */
import { HISTORY_SECONDS } from '../../lib/stats';
import { t } from '../texts';

export interface ChartLine {
  label: string;
  values: readonly number[];
}

export interface ChartProps {
  title: string;
  unit: string;
  lines: readonly ChartLine[];
}

const WIDTH = 300;
const HEIGHT = 56;
const TOP = 6;

/** The next round number above `value`, so that the axis does not jump with every sample. */
export function ceilingOf(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= value) ?? value;
}

export function Chart({ title, unit, lines }: ChartProps) {
  const ceiling = ceilingOf(Math.max(1, ...lines.flatMap((line) => line.values)));
  const x = (index: number, count: number) => WIDTH - (count - 1 - index) * (WIDTH / (HISTORY_SECONDS - 1));
  const y = (value: number) => TOP + (HEIGHT - TOP) * (1 - value / ceiling);
  const summary = lines.map((line) => `${line.label} ${Math.round(line.values.at(-1) ?? 0)} ${unit}`.trim()).join(', ');
  return (
    <figure class="chart">
      <figcaption>
        {title} <span class="quiet">{unit}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH + 46} ${HEIGHT + 16}`} role="img" aria-label={`${title}: ${summary}`}>
        <path class="chart-axis" d={`M0 ${TOP}H${WIDTH}M0 ${HEIGHT}H${WIDTH}`} />
        <text x={WIDTH + 4} y={TOP + 4}>
          {ceiling}
        </text>
        <text x={WIDTH + 4} y={HEIGHT + 3}>
          0
        </text>
        <text x="0" y={HEIGHT + 14}>
          {t('chart.ago', { n: HISTORY_SECONDS })}
        </text>
        <text x={WIDTH} y={HEIGHT + 14} text-anchor="end">
          {t('chart.now')}
        </text>
        {lines.map((line, which) => (
          <g key={line.label} class={`chart-line chart-line-${which}`}>
            <polyline points={line.values.map((value, index) => `${x(index, line.values.length).toFixed(1)},${y(value).toFixed(1)}`).join(' ')} />
            {line.label && (
              <text x={WIDTH + 4} y={labelHeight(lines, which, y)}>
                {line.label}
              </text>
            )}
          </g>
        ))}
      </svg>
    </figure>
  );
}

const LABEL_HEIGHT = 11;

/** Beside the end of the line, but clear of the axis numbers and of the label before it. */
function labelHeight(lines: readonly ChartLine[], which: number, y: (value: number) => number): number {
  const ends = lines.map((line) => y(line.values.at(-1) ?? 0) + 4);
  const own = ends[which] ?? HEIGHT;
  const clear = Math.min(HEIGHT - LABEL_HEIGHT + 3, Math.max(TOP + LABEL_HEIGHT + 4, own));
  const other = ends[0];
  if (which === 0 || other === undefined) return clear;
  const first = Math.min(HEIGHT - LABEL_HEIGHT + 3, Math.max(TOP + LABEL_HEIGHT + 4, other));
  if (Math.abs(first - clear) >= LABEL_HEIGHT) return clear;
  return first + LABEL_HEIGHT <= HEIGHT - LABEL_HEIGHT + 3 ? first + LABEL_HEIGHT : first - LABEL_HEIGHT;
}
