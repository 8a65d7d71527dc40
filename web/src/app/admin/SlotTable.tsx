/** What a member gets, from whom, at which layer; and if not, why. */
import { bitsPerSecond, recent, slotOf } from '../../lib/admin/rates';
import type { FlowStats, MemberStats, SlotStats } from '../../lib/admin/report';
import { Table, type TableRow } from './Table';
import { bitrate, percent } from './format';
import { t, word } from './texts';

export interface SlotTableProps {
  flow: FlowStats;
  flows: ReadonlyArray<(FlowStats & { at: number }) | undefined>;
  members: readonly MemberStats[];
}

export function SlotTable({ flow, flows, members }: SlotTableProps) {
  const used = flow.slots.filter((slot) => slot.source !== null);
  if (used.length === 0) return null;
  const head = [t('slot'), t('state'), t('layer'), t('tile'), t('rate'), t('loss'), t('resent'), t('nacked'), t('asked'), t('standstills')];
  const row = (slot: SlotStats): TableRow => {
    const { uid, source, mid, kind } = slot;
    const who = members.find((member) => member.uid === uid)?.name || uid || '–';
    const isVideo = kind === 'video';
    const cells = [
      `${who}, ${source ? word('source', source) : '–'}`,
      [word('state', slot.state), slot.reason && word('reason', slot.reason)].filter(Boolean).join(': '),
      slot.layer ?? '–',
      isVideo && slot.width > 0 ? `${slot.width} × ${slot.height}` : '–',
      bitrate(recent(bitsPerSecond(flows, (one) => slotOf(one, mid)?.bytes))),
      percent(slot.lossPercent),
      slot.resentPackets,
      slot.nackedPackets,
      isVideo ? slot.keyFrameRequests : '–',
      slot.standstills ? slot.standstills.count : '–',
    ];
    return { key: mid, cells, testid: 'admin-slot', state: slot.state };
  };
  return (
    <>
      <h3>{t('slots')}</h3>
      <Table label={t('slots')} head={head} rows={used.map(row)} />
    </>
  );
}
