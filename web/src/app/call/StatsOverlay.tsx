/** The figures of the call, as they are measured, and the last minute of the ones that change. */
import './stats.css';
import { X } from 'lucide';
import { IconButton } from '../components/IconButton';
import type { Flow, Path, Sample } from '../../lib/stats';
import type { CallView } from './call-view';
import { MeetingStreams } from './MeetingStreams';
import { StatsCharts } from './StatsCharts';
import { worstLoss } from './stats-series';
import { t } from '../texts';

export function StatsOverlay({ view }: { view: CallView }) {
  const history = view.call.pulse.history.value;
  const last = history.at(-1);
  return (
    <aside class="stats" data-testid="stats-overlay" aria-label={t('stats.title')}>
      <header class="stats-head">
        <h2>{t('stats.title')}</h2>
        <IconButton icon={X} label={t('close')} onClick={view.toggleStats} testid="stats-close" />
      </header>
      {last ? <Figures view={view} sample={last} history={history} /> : <p class="quiet small">{t('stats.none')}</p>}
    </aside>
  );
}

function Figures({ view, sample, history }: { view: CallView; sample: Sample; history: readonly Sample[] }) {
  const { audioIn, audioOut, videoIn, videoOut, screenIn, screenOut } = sample;
  return (
    <>
      {sample.path && <PathLine path={sample.path} served={view.call.topology.mode.value === 'sfu'} />}
      <dl class="stats-list">
        <Figure name={t('stats.rtt')} value={unit(sample.rttMs, 'ms')} testid="stats-rtt" />
        <Figure name={t('stats.loss')} value={percent(worstLoss(sample))} testid="stats-loss" />
        <Figure name={t('stats.jitter')} value={unit(audioIn?.jitterMs ?? videoIn?.jitterMs, 'ms')} testid="stats-jitter" />
        <Figure name={t('stats.bandwidth')} value={unit(sample.availableKbps, 'kbit/s')} testid="stats-bandwidth" />
        <Figure name={t('stats.freeze')} value={`${sample.freezeSeconds.toFixed(1)} s`} testid="stats-freeze" />
      </dl>
      <table class="stats-table">
        <thead>
          <tr>
            <th scope="col">{t('stats.flow')}</th>
            <th scope="col">kbit/s</th>
            <th scope="col">fps</th>
            <th scope="col">{t('stats.size')}</th>
            <th scope="col">{t('stats.codec')}</th>
          </tr>
        </thead>
        <tbody>
          <FlowRow name={t('stats.video.in')} flow={videoIn} testid="stats-video-in" />
          <FlowRow name={t('stats.video.out')} flow={videoOut} testid="stats-video-out" />
          <FlowRow name={t('stats.audio.in')} flow={audioIn} testid="stats-audio-in" />
          <FlowRow name={t('stats.audio.out')} flow={audioOut} testid="stats-audio-out" />
          <FlowRow name={t('stats.screen.in')} flow={screenIn} testid="stats-screen-in" />
          <FlowRow name={t('stats.screen.out')} flow={screenOut} testid="stats-screen-out" />
        </tbody>
      </table>
      <MeetingStreams view={view} sample={sample} />
      <StatsCharts view={view} history={history} />
    </>
  );
}

function PathLine({ path, served }: { path: Path; served: boolean }) {
  const relayed = path.local === 'relay' || path.remote === 'relay';
  return (
    <p class="stats-path">
      <strong>{t(relayed ? 'stats.relayed' : served ? 'stats.served' : 'stats.direct')}</strong>{' '}
      <span data-testid="stats-path" data-local={path.local} data-remote={path.remote} data-protocol={path.protocol} data-relay-protocol={path.relayProtocol}>
        {path.local}
        {path.relayProtocol && ` (${path.relayProtocol.toUpperCase()})`} → {path.remote} · {path.protocol.toUpperCase()}
      </span>
      <br />
      <span class="quiet">
        {path.localAddress} → {path.remoteAddress}
      </span>
    </p>
  );
}

function Figure({ name, value, testid }: { name: string; value: string; testid: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testid}>{value}</dd>
    </div>
  );
}

function FlowRow({ name, flow, testid }: { name: string; flow: Flow | undefined; testid: string }) {
  // A stream that is off keeps its last size in the browser's books.
  if (!flow || flow.kbps < 0.5) return null;
  return (
    <tr data-testid={testid} data-kbps={Math.round(flow.kbps)} data-fps={flow.fps ?? ''} data-codec={flow.codec ?? ''}>
      <th scope="row">{name}</th>
      <td>{Math.round(flow.kbps)}</td>
      <td>{flow.fps === undefined ? '' : Math.round(flow.fps)}</td>
      <td>{flow.width ? `${flow.width}×${flow.height}` : ''}</td>
      <td>{flow.codec}</td>
    </tr>
  );
}

function unit(value: number | undefined, name: string): string {
  return value === undefined ? '–' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ${name}`;
}

function percent(part: number | undefined): string {
  return part === undefined ? '–' : `${(part * 100).toFixed(1)} %`;
}
