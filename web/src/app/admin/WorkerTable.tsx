/** What each worker does and costs. */
import { bitsPerSecond, cpuPercent, perSecond, recent, workerOf } from '../../lib/admin/rates';
import type { ServerStats, WorkerReport } from '../../lib/admin/report';
import { Table, type TableRow } from './Table';
import { bitrate, percent, whole } from './format';
import { t } from './texts';

export function WorkerTable({ history, latest }: { history: ReadonlyArray<ServerStats | undefined>; latest: ServerStats }) {
  const head = [t('worker'), t('worker.cpu'), t('worker.queued'), t('worker.wake-ups'), t('rooms'), t('connections'), t('in'), t('out')];
  return (
    <section class="admin-section" aria-labelledby="admin-workers">
      <h2 id="admin-workers">{t('workers')}</h2>
      <Table label={t('workers')} head={head} rows={latest.workers.map((worker) => row(history, worker))} />
    </section>
  );
}

function row(history: ReadonlyArray<ServerStats | undefined>, report: WorkerReport): TableRow {
  const { worker, late, queued, rooms, connections } = report;
  const of = (counter: (one: WorkerReport) => number | undefined) => (sample: ServerStats) => {
    const one = workerOf(sample, worker);
    return one && counter(one);
  };
  const cells = late
    ? [worker, t('worker.late'), queued, '–', '–', '–', '–', '–']
    : [
        worker,
        percent(recent(cpuPercent(history, worker))),
        queued,
        whole(recent(perSecond(history, of((one) => one.wakeUps)))),
        whole(rooms),
        whole(connections),
        bitrate(recent(bitsPerSecond(history, of((one) => one.mediaIn?.bytes)))),
        bitrate(recent(bitsPerSecond(history, of((one) => one.mediaOut?.bytes)))),
      ];
  return { key: worker, cells, testid: 'admin-worker', state: late ? 'late' : 'well' };
}
