/** Who relays through the server, in pages; each can be ended. Nothing is shown while nobody does. */
import { useMemo } from 'preact/hooks';
import { type Signal, useSignal } from '@preact/signals';
import type { AdminApi } from '../../lib/admin/api';
import type { AllocationSummary } from '../../lib/admin/report';
import { Watch } from '../../lib/admin/watch';
import { Button } from '../components/Button';
import { Confirm, type Deed } from './Confirm';
import { Pages } from './Pages';
import { Table, type TableRow } from './Table';
import { amount, span } from './format';
import { useWatch } from './use-watch';
import { t } from './texts';

export function AllocationTable({ api }: { api: AdminApi }) {
  const starts = useSignal<readonly string[]>([]);
  const deed = useSignal<Deed | undefined>(undefined);
  const after = starts.value.at(-1) ?? null;
  const watch = useWatch(useMemo(() => new Watch((signal) => api.allocations(after, signal)), [api, after]));
  const list = watch.latest.value;
  if (!list || (list.allocations.length === 0 && after === null)) return null;
  const head = [t('allocation.client'), t('allocation.user'), t('allocation.relayed'), t('room.since'), t('allocation.peers'), t('allocation.sent'), t('allocation.received'), ''];
  return (
    <section class="admin-section" aria-labelledby="admin-allocations">
      <h2 id="admin-allocations">{t('relays')}</h2>
      <Table label={t('relays')} head={head} rows={list.allocations.map((allocation) => row(allocation, api, deed))} />
      <Pages starts={starts} next={list.next} />
      {deed.value && <Confirm deed={deed.value} onClose={() => (deed.value = undefined)} onDone={() => watch.again()} />}
    </section>
  );
}

function row(allocation: AllocationSummary, api: AdminApi, deed: Signal<Deed | undefined>): TableRow {
  const { id, user, client, transport, relayed, startedAt, permissions, toPeers, toClient } = allocation;
  const end = () => {
    deed.value = { title: t('allocation.end.title'), text: t('allocation.end.text', { client }), confirm: t('allocation.end'), danger: true, act: () => api.endAllocation(id) };
  };
  const button = (
    <Button kind="quiet" onClick={end} testid="admin-end-allocation">
      {t('allocation.end')}
    </Button>
  );
  const cells = [`${client} (${transport.toUpperCase()})`, user, relayed.join(', '), span(Date.now() - startedAt), permissions, amount(toPeers.bytes), amount(toClient.bytes), button];
  return { key: id, cells, testid: 'admin-allocation' };
}
