/** The rooms there are, in pages. */
import { useMemo } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { AdminApi } from '../../lib/admin/api';
import type { RoomSummary } from '../../lib/admin/report';
import { Watch } from '../../lib/admin/watch';
import { adminPath, navigate } from '../router';
import { Pages } from './Pages';
import { Table, type TableRow } from './Table';
import { span } from './format';
import { useWatch } from './use-watch';
import { t } from './texts';

export function RoomTable({ api }: { api: AdminApi }) {
  const starts = useSignal<readonly string[]>([]);
  const after = starts.value.at(-1) ?? null;
  const watch = useWatch(useMemo(() => new Watch((signal) => api.rooms(after, signal)), [api, after]));
  const list = watch.latest.value;
  return (
    <section class="admin-section" aria-labelledby="admin-rooms">
      <h2 id="admin-rooms">{t('rooms')}</h2>
      {list && list.rooms.length === 0 && <p class="quiet">{t('rooms.none')}</p>}
      {list && list.rooms.length > 0 && <Table label={t('rooms')} head={[t('room'), t('members'), t('waiting'), t('room.way'), t('room.since')]} rows={list.rooms.map(row)} />}
      <Pages starts={starts} next={list?.next ?? null} />
    </section>
  );
}

function row({ roomId, name, members, waiting, mode, startedAt }: RoomSummary): TableRow {
  const path = adminPath(roomId);
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    navigate(path);
  };
  const link = (
    <a href={path} onClick={open} data-testid="admin-room">
      {name || roomId}
    </a>
  );
  return { key: roomId, cells: [link, members, waiting, t(mode), span(Date.now() - startedAt)] };
}
