/** The last minute of everything that changes. */
import { Chart } from '../components/Chart';
import type { Sample } from '../../lib/stats';
import type { CallView } from './call-view';
import { frozenMs, layers, lossPercent, resentKbps, totalKbps } from './stats-series';
import { t } from '../texts';

export function StatsCharts({ view, history }: { view: CallView; history: readonly Sample[] }) {
  const sent = history.map((sample) => totalKbps(sample, 'out'));
  const link = view.call.topology.session.value?.link.value;
  const own = layers(history);
  const isScreen = (mid: string) => link?.sourceOf(mid) === 'screen';
  const camera = own.filter(({ mid }) => !isScreen(mid));
  const screen = own.filter(({ mid }) => isScreen(mid));
  return (
    <div class="stats-charts">
      <Chart
        title={t('stats.chart.rate')}
        unit="kbit/s"
        lines={[
          { label: t('stats.in'), values: history.map((sample) => totalKbps(sample, 'in')) },
          { label: t('stats.out'), values: sent },
        ]}
        testid="chart-rate"
      />
      <Chart
        title={t('stats.chart.estimate')}
        unit="kbit/s"
        lines={[
          { label: t('stats.estimate'), values: history.map((sample) => sample.availableKbps) },
          { label: t('stats.out'), values: sent },
        ]}
        testid="chart-estimate"
      />
      {[
        { source: 'camera', drawn: camera } as const,
        { source: 'screen', drawn: screen } as const,
      ].map(
        ({ source, drawn }) =>
          drawn.length > 0 && (
            <Chart key={source} kind="stacked" title={`${t('stats.chart.layers')}, ${t(`source.${source}`)}`} unit="kbit/s" lines={drawn.map(({ rid, values }) => ({ label: rid, values }))} testid={`chart-layers-${source}`} />
          ),
      )}
      <Chart
        title={t('stats.again')}
        unit="kbit/s"
        lines={[
          { label: t('stats.in'), values: resentKbps(history, 'incoming') },
          { label: t('stats.out'), values: resentKbps(history, 'outgoing') },
        ]}
        ceilingMin={10}
        testid="chart-resent"
      />
      <Chart kind="bars" title={t('stats.chart.frozen')} unit="ms" lines={[{ label: '', values: frozenMs(history) }]} ceilingMin={500} testid="chart-frozen" />
      <Chart title={t('stats.rtt')} unit="ms" lines={[{ label: '', values: history.map((sample) => sample.rttMs) }]} ceilingMin={50} testid="chart-rtt" />
      <Chart title={t('stats.loss')} unit="%" lines={[{ label: '', values: lossPercent(history) }]} ceilingMin={5} testid="chart-loss" />
    </div>
  );
}
