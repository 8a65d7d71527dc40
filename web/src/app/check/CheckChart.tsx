/** What a check measured over time. */
import { Chart } from '../components/Chart';
import type { Figure } from '../../lib/check/types';
import { t } from './texts';

export function CheckChart({ figure: { title, unit, seconds, lines } }: { figure: Figure }) {
  const drawn = lines.map(({ label, values }) => ({ label: label ? t(label) : '', values: values.map((value) => value ?? undefined) }));
  return (
    <div class="check-chart">
      <Chart title={t(title)} unit={unit} lines={drawn} slots={Math.max(2, ...lines.map(({ values }) => values.length))} ends={[t('chart.seconds', { n: 0 }), t('chart.seconds', { n: Math.round(seconds) })]} testid="check-chart" />
    </div>
  );
}
