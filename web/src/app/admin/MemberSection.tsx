/** A member: in one line how it is, and below, when opened, what flows. */
import { useSignal, type Signal } from '@preact/signals';
import { UserX } from 'lucide';
import type { AdminApi } from '../../lib/admin/api';
import { bitsPerSecond, flowsOf, recent } from '../../lib/admin/rates';
import type { MemberStats, RoomStats } from '../../lib/admin/report';
import { Button } from '../components/Button';
import type { Deed } from './Confirm';
import { FlowCharts } from './FlowCharts';
import { SlotTable } from './SlotTable';
import { TrackTable } from './TrackTable';
import { bitrate, percent, whole } from './format';
import { t, word } from './texts';

export interface MemberSectionProps {
  member: MemberStats;
  latest: RoomStats;
  history: ReadonlyArray<RoomStats | undefined>;
  isOpen: boolean;
  deed: Signal<Deed | undefined>;
  api: AdminApi;
}

export function MemberSection({ member, latest, history, isOpen, deed, api }: MemberSectionProps) {
  const open = useSignal(isOpen);
  const flow = member.media?.flow;
  const flows = flowsOf(history, member.uid);
  const rate = (of: 'bytesIn' | 'bytesOut') => bitrate(recent(bitsPerSecond(flows, (one) => one[of])));
  return (
    <details class="admin-member" open={open.value} onToggle={(event) => (open.value = event.currentTarget.open)} data-testid="admin-member" data-uid={member.uid} data-quality={flow?.quality}>
      <summary>
        <h2>{member.name || member.uid}</h2>
        <span class="quiet small">{path(member)}</span>
        {flow && (
          <span class="admin-summary small" data-testid="admin-member-rates">
            {t('member.summary', { in: rate('bytesIn'), out: rate('bytesOut'), rtt: whole(flow.roundTripMs ?? undefined), loss: percent(Math.max(flow.lossInPercent, flow.lossOutPercent)), quality: flow.quality })}
            {flow.qualityReason && ` · ${word('reason', flow.qualityReason)}`}
          </span>
        )}
      </summary>
      {open.value && (
        <div class="admin-member-body">
          {!flow && <p class="quiet">{t('member.no-media')}</p>}
          {flow && <FlowCharts flow={flow} flows={flows} />}
          {flow && <TrackTable flow={flow} flows={flows} />}
          {flow && <SlotTable flow={flow} flows={flows} members={latest.members} />}
          <MemberActions member={member} room={latest.roomId} deed={deed} api={api} />
        </div>
      )}
    </details>
  );
}

function MemberActions({ member, room, deed, api }: { member: MemberStats; room: string; deed: Signal<Deed | undefined>; api: AdminApi }) {
  const name = member.name || member.uid;
  const sent = (member.media?.flow?.tracks ?? []).map((track) => track.source);
  const open = sent.filter((source) => !member.muted.includes(source));
  return (
    <div class="admin-actions">
      {open.map((source) => {
        const label = t('mute', { source: word('source', source) });
        const ask = () => {
          deed.value = { title: label, text: t('mute.text', { name }), confirm: label, act: () => api.mute(room, source, member.uid) };
        };
        return (
          <Button key={source} onClick={ask} testid={`admin-mute-${source}`}>
            {label}
          </Button>
        );
      })}
      <Button
        icon={UserX}
        onClick={() => {
          deed.value = { title: t('remove.title', { name }), text: t('remove.text'), confirm: t('remove'), danger: true, option: t('remove.ban'), act: (ban) => api.remove(room, member.uid, ban) };
        }}
        testid="admin-remove"
      >
        {t('remove')}
      </Button>
    </div>
  );
}

/** Who it is and by which way it is connected. */
function path({ uid, role, connection, media }: MemberStats): string {
  const parts = [uid, role, connection === 'reconnecting' ? t('member.reconnecting') : undefined];
  if (media) parts.push(media.state === 'connecting' ? t('member.connecting') : undefined, media.transport?.toUpperCase(), media.network ?? undefined, `${t('worker')} ${media.worker}`);
  return parts.filter(Boolean).join(' · ');
}
