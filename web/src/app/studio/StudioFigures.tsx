/** What is sent, in figures, and what holds it back. */
import type { WhipPublisher } from '../../lib/live/whip-publisher';
import { Chart } from '../components/Chart';
import { inBits, inPixels } from '../live/format';
import { word } from '../live/texts';
import { t } from './texts';

export function StudioFigures({ publisher }: { publisher: WhipPublisher }) {
  const history = publisher.history.value;
  const latest = history.at(-1);
  const [video, audio] = [latest?.videoOut, latest?.audioOut];
  const limit = latest?.limitedBy === 'bandwidth' || latest?.limitedBy === 'cpu' ? t(`limit.${latest.limitedBy}`) : undefined;
  const transport = latest?.path && (latest.path.local === 'relay' ? 'relay' : latest.path.protocol);
  const loss = video?.loss ?? audio?.loss;
  const rows: readonly [name: string, value: string | undefined, testid?: string][] = [
    [t('figure.rate'), latest && inBits((video?.kbps ?? 0) + (audio?.kbps ?? 0)), 'studio-rate'],
    [t('figure.size'), inPixels(video?.width, video?.height, video?.fps), 'studio-size'],
    [t('figure.codecs'), [video?.codec, audio?.codec].filter((codec) => codec).join(', ') || undefined, 'studio-codecs'],
    [t('figure.rtt'), latest?.rttMs === undefined ? undefined : `${Math.round(latest.rttMs)} ms`],
    [t('figure.loss'), loss === undefined ? undefined : `${(loss * 100).toFixed(1)} %`],
    [t('figure.way'), transport && word('transport', transport)],
    [t('figure.limit'), limit],
  ];
  return (
    <section class="studio-figures" aria-label={t('figures')} data-testid="studio-figures">
      <dl>
        {rows.map(([name, value, testid]) => (
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd data-testid={testid}>{value}</dd>
            </div>
          )
        ))}
      </dl>
      <Chart
        title={t('chart.rate')}
        unit="kbit/s"
        kind="stacked"
        lines={[
          { label: t('chart.sound'), values: history.map((one) => one.audioOut?.kbps) },
          { label: t('chart.picture'), values: history.map((one) => one.videoOut?.kbps) },
        ]}
        testid="studio-chart"
      />
    </section>
  );
}
