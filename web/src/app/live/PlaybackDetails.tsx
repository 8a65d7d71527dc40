/** What plays, in figures, with how they are known. */
import { Chart } from '../components/Chart';
import type { PlaybackFigures, Way } from '../../lib/live/engine';
import { Detours } from './PlayerNotice';
import { inBits, inPixels, inSeconds } from './format';
import { span, t, word } from './texts';
import type { WatchSession } from './watch-session';

interface Row {
  name: string;
  value: string | undefined;
  note?: string;
  testid?: string;
}

export function PlaybackDetails({ session }: { session: WatchSession }) {
  const { playback } = session;
  const [way, report, history] = [playback.way.value, playback.report.value, playback.history.value];
  const latest = history.at(-1);
  const codecs = [report?.video?.codec, report?.audio?.codec].filter((codec) => codec).join(', ');
  const rows: Row[] = [
    ...(way && latest && playback.state.value === 'playing' ? rowsOf(way, latest) : []),
    ...(report ? [{ name: t('figure.since'), value: span(Date.now() - report.since) }, { name: t('figure.from'), value: `${word('protocol', report.protocol)}${codecs && `, ${codecs}`}` }] : []),
  ];
  return (
    <section class="playback-details" aria-label={t('details')} data-testid="playback-details">
      <dl>
        {rows.map(({ name, value, note, testid }) => (
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd data-testid={testid}>{value}</dd>
              {note && <dd class="small quiet">{note}</dd>}
            </div>
          )
        ))}
      </dl>
      {playback.detours.value.length > 0 && <Detours detours={playback.detours.value} codecs={codecs} />}
      <div class="playback-charts">
        <Chart title={t('chart.rate')} unit="kbit/s" lines={[{ label: '', values: history.map((one) => one.kbps) }]} testid="chart-rate" />
        <Chart title={t('chart.delay')} unit="s" lines={[{ label: '', values: history.map((one) => one.delayMs !== undefined ? one.delayMs / 1000 : undefined) }]} testid="chart-delay" />
      </div>
      <p class="small quiet">{t('keys')}</p>
    </section>
  );
}

function rowsOf(way: Way, latest: PlaybackFigures): Row[] {
  const { delayMs, kbps, loss, rttMs, transport } = latest;
  const over = transport === undefined ? '' : ` ${t('figure.transport')} ${word('transport', transport)}`;
  return [
    { name: t('figure.way'), value: `${word('way', way)}${over}`, testid: 'figure-way' },
    { name: t('figure.delay'), value: delayMs === undefined ? undefined : `${inSeconds(delayMs)} s`, note: t(`figure.delay.${way}`), testid: 'figure-delay' },
    { name: t('figure.size'), value: inPixels(latest.width, latest.height, latest.fps), testid: 'figure-size' },
    { name: t('figure.rate'), value: kbps === undefined ? undefined : inBits(kbps), testid: 'figure-rate' },
    { name: t('figure.codecs'), value: latest.codecs, testid: 'figure-codecs' },
    { name: t('figure.freezes'), value: t('figure.freezes.value', { n: latest.freezes, s: latest.freezeSeconds.toFixed(1) }), testid: 'figure-freezes' },
    { name: t('figure.loss'), value: loss === undefined ? undefined : `${(loss * 100).toFixed(1)} %` },
    { name: t('figure.rtt'), value: rttMs === undefined ? undefined : `${Math.round(rttMs)} ms` },
  ];
}
