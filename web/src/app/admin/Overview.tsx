/** The server at this moment: what passes through it, what it costs, what is lost, and its rooms. */
import { useEffect, useMemo } from 'preact/hooks';
import { LogOut } from 'lucide';
import type { AdminApi, ApiProblem } from '../../lib/admin/api';
import { bitsPerSecond, complete, cpuLines, dropped, perSecond, told, type Values } from '../../lib/admin/rates';
import type { ServerStats } from '../../lib/admin/report';
import { SAMPLES, Watch } from '../../lib/admin/watch';
import { Button } from '../components/Button';
import { Chart } from '../components/Chart';
import { AllocationTable } from './AllocationTable';
import { Drops } from './Drops';
import { Figures } from './Figures';
import { RoomTable } from './RoomTable';
import { Trouble } from './Trouble';
import { WorkerTable } from './WorkerTable';
import { span } from './format';
import { signOut } from './token';
import { useWatch } from './use-watch';
import { t } from './texts';

/** Lines that one chart keeps apart. */
const LINES_MAX = 4;

export interface OverviewProps {
  api: AdminApi;
  onRefused: (problem: ApiProblem) => void;
}

export function Overview({ api, onRefused }: OverviewProps) {
  const watch = useWatch(useMemo(() => new Watch((signal) => api.server(signal)), [api]));
  const problem = watch.problem.value;
  useEffect(() => {
    if (problem?.isAboutToken) onRefused(problem);
  }, [problem]);
  const latest = watch.latest.value;
  return (
    <>
      <header class="admin-head">
        <div>
          <h1>{t('title')}</h1>
          {latest && <p class="quiet small">{t('server.since', { version: latest.version, span: span(latest.uptimeMs) })}</p>}
        </div>
        <Button icon={LogOut} kind="quiet" onClick={signOut} testid="admin-sign-out">
          {t('sign-out')}
        </Button>
      </header>
      <Trouble problem={problem} />
      {latest && <ServerNumbers latest={latest} />}
      {latest && <ServerCharts history={watch.history.value} />}
      {latest && <WorkerTable history={watch.history.value} latest={latest} />}
      {latest && <Drops latest={latest} />}
      <RoomTable api={api} />
      <AllocationTable api={api} />
    </>
  );
}

function ServerNumbers({ latest }: { latest: ServerStats }) {
  const figures = [
    { name: t('rooms'), value: String(latest.rooms), testid: 'admin-rooms' },
    { name: t('members'), value: String(latest.members), testid: 'admin-members' },
    { name: t('connections'), value: String(latest.media.connections), testid: 'admin-connections' },
    { name: t('tracks.count'), value: String(latest.media.tracks), testid: 'admin-tracks' },
    { name: t('live-slots'), value: String(latest.media.liveSlots) },
    { name: t('relays'), value: String(latest.relays.allocations) },
    { name: t('web-sockets'), value: String(latest.webSockets) },
  ];
  return <Figures figures={figures} />;
}

function ServerCharts({ history }: { history: ReadonlyArray<ServerStats | undefined> }) {
  const whole = history.map(complete);
  const bits = (of: (sample: ServerStats) => number): Values => bitsPerSecond(whole, of);
  const packets = (of: (sample: ServerStats) => number): Values => perSecond(whole, of);
  const slots = SAMPLES - 1;
  const cpu = cpuLines(history, LINES_MAX).map(({ worker, values }) => ({ label: worker === undefined ? t('chart.mean') : `#${worker}`, values }));
  return (
    <div class="admin-charts" data-testid="admin-charts">
      <Chart title={t('chart.media')} unit="bit/s" slots={slots} lines={[{ label: t('in'), values: bits((one) => one.traffic.mediaIn.bytes) }, { label: t('out'), values: bits((one) => one.traffic.mediaOut.bytes) }]} testid="admin-chart-media" />
      <Chart title={t('chart.packets')} unit={t('per-second')} slots={slots} lines={[{ label: t('in'), values: packets((one) => one.traffic.mediaIn.packets) }, { label: t('out'), values: packets((one) => one.traffic.mediaOut.packets) }, { label: t('in-trains'), values: packets((one) => one.media.packetsInTrains) }]} />
      <Chart title={t('chart.cpu')} unit="%" slots={slots} lines={cpu} ceilingMin={10} testid="admin-chart-cpu" />
      <Chart title={t('chart.relayed')} unit="bit/s" slots={slots} lines={[{ label: t('to-peers'), values: bits((one) => one.traffic.relayToPeers.bytes) }, { label: t('to-clients'), values: bits((one) => one.traffic.relayToClients.bytes) }]} testid="admin-chart-relayed" />
      <Chart title={t('relays')} unit="" slots={slots} lines={[{ label: '', values: told(whole, (one) => one.relays.allocations) }]} testid="admin-chart-relays" />
      <Chart title={t('chart.resent')} unit={t('per-second')} kind="bars" slots={slots} lines={[{ label: '', values: packets((one) => one.media.resentPackets) }]} />
      <Chart title={t('chart.dropped')} unit={t('per-second')} kind="bars" slots={slots} lines={[{ label: '', values: packets(dropped) }]} />
    </div>
  );
}
