/** What one can do about one person. */
import { useState } from 'preact/hooks';
import { Ban, EllipsisVertical, Hand, MessageSquare, MicOff, MonitorX, Pin, PinOff, ShieldCheck, ShieldOff, UserX, VideoOff } from 'lucide';
import { IconButton } from '../components/IconButton';
import { Menu, type MenuItem } from '../components/Menu';
import type { Participant } from '../../lib/participant';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { t } from '../texts';

export const HOST = 'host';

export function PersonMenu({ view, participant, name }: { view: CallView; participant: Participant; name: string }) {
  const [open, show] = useState(false);
  const items = choices(view, participant);
  if (items.every(({ shown = true }) => !shown)) return null;
  return (
    <div class="person-more">
      <IconButton icon={EllipsisVertical} label={t('people.more', { name })} expanded={open} onClick={() => show(!open)} testid="person-more" />
      {open && <Menu class="person-menu" placement="fixed" items={items} onClose={() => show(false)} />}
    </div>
  );
}

function choices(view: CallView, participant: Participant): MenuItem[] {
  const { meeting, mayChat, participants } = view.call;
  const { uid, said, role, hand } = participant;
  const host = meeting.mayModerate.value;
  const isHost = role.value === HOST;
  const pinned = view.isPinned(uid);
  const name = displayName(participant.name.value);
  const mute = (source: 'microphone' | 'camera' | 'screen') => () => view.moderate(meeting.mute(uid, source), t(`done.mute.${source}`, { name }));
  return [
    { icon: pinned ? PinOff : Pin, text: t(pinned ? 'pin.short.off' : 'pin.short.on'), act: () => view.togglePin(uid), testid: 'person-pin', shown: participants.value.length > 1 },
    { icon: MessageSquare, text: t('people.write'), act: () => view.writeTo(uid), testid: 'person-write', shown: mayChat.value && participant.dialect.value > 1 },
    { icon: MicOff, text: t('people.mute'), act: mute('microphone'), testid: 'person-mute', shown: host && said.value?.audio === true },
    { icon: VideoOff, text: t('people.camera'), act: mute('camera'), testid: 'person-camera', shown: host && said.value?.video === true },
    { icon: MonitorX, text: t('people.screen'), act: mute('screen'), testid: 'person-screen', shown: host && said.value?.screen === true },
    { icon: Hand, text: t('people.lower'), act: () => view.moderate(meeting.lowerHand(uid), t('done.lower', { name })), testid: 'person-lower', shown: host && hand.value !== undefined },
    {
      icon: isHost ? ShieldOff : ShieldCheck,
      text: t(isHost ? 'people.demote' : 'people.promote'),
      act: () => view.moderate(meeting.setRole(uid, isHost ? 'member' : HOST), t(isHost ? 'done.demote' : 'done.promote', { name })),
      testid: 'person-role',
      shown: host,
    },
    { icon: UserX, text: t('people.remove', { name }), act: () => view.askToRemove({ uid, name, ban: false }), testid: 'person-remove', shown: host },
    { icon: Ban, text: t('people.ban', { name }), act: () => view.askToRemove({ uid, name, ban: true }), testid: 'person-ban', shown: host },
  ];
}
