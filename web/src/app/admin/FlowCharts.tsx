/** The last two minutes of a member's media. */
import { bitsPerSecond, growth, layerOf, standstills, told, trackOf, type Values } from '../../lib/admin/rates';
import type { FlowStats, Source } from '../../lib/admin/report';
import { SAMPLES } from '../../lib/admin/watch';
import { Chart, type ChartLine } from '../components/Chart';
import { t, word } from './texts';

type Flows = ReadonlyArray<(FlowStats & { at: number }) | undefined>;

export function FlowCharts({ flow, flows }: { flow: FlowStats; flows: Flows }) {
  const slots = SAMPLES - 1;
  const sent = [
    { label: t('flow.sent'), values: bitsPerSecond(flows, (one) => one.bytesOut) },
    { label: t('flow.estimate'), values: told(flows, (one) => one.estimateBps) },
  ];
  const lost = [
    { label: t('in'), values: told(flows, (one) => one.lossInPercent) },
    { label: t('out'), values: told(flows, (one) => one.lossOutPercent) },
  ];
  const published = bands(flow, flows);
  return (
    <div class="admin-charts">
      {published.length > 0 && <Chart title={t('flow.published')} unit="bit/s" kind="stacked" slots={slots} lines={published} testid="admin-chart-layers" />}
      {flow.slots.length > 0 && <Chart title={t('flow.to-member')} unit="bit/s" slots={slots} lines={sent} testid="admin-chart-estimate" />}
      <Chart title={t('flow.round-trip')} unit="ms" slots={slots} ceilingMin={20} lines={[{ label: '', values: told(flows, (one) => one.roundTripMs) }]} />
      <Chart title={t('flow.loss')} unit="%" slots={slots} lines={lost} />
      <Chart title={t('flow.resent')} unit={t('packets')} kind="bars" slots={slots} lines={[{ label: '', values: growth(flows, (one) => one.resentPackets) }]} />
      <Chart title={t('flow.standstills')} unit={t('times')} kind="bars" slots={slots} lines={[{ label: '', values: growth(flows, standstills) }]} />
    </div>
  );
}

/** What a member sends, layer upon layer: pictures by their layers, then the screen, then sound. */
function bands(flow: FlowStats, flows: Flows): ChartLine[] {
  const rate = (source: Source, rid: string | null): Values => told(flows, (one) => layerOf(one, source, rid)?.bps ?? 0);
  const layers = (source: Source) => (trackOf(flow, source)?.layers ?? []).map(({ rid }) => ({ label: rid ?? word('band', source), values: rate(source, rid) }));
  const whole = (source: Source) => {
    const track = trackOf(flow, source);
    const values = told(flows, (one) => (trackOf(one, source)?.layers ?? []).reduce((sum, layer) => sum + layer.bps, 0));
    return track ? [{ label: word('band', source), values }] : [];
  };
  // A layer that nobody wanted is no band.
  return [...layers('camera'), ...whole('screen'), ...whole('microphone')].filter(({ values }) => values.some((value) => value));
}
