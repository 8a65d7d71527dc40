/** What one can do about one person. */
import { useState } from 'preact/hooks';
import { Ban, EllipsisVertical, Eye, EyeOff, Hand, MessageSquare, MicOff, MonitorX, Pin, PinOff, ShieldCheck, ShieldOff, UserX, Video, VideoOff, Volume2, VolumeX } from 'lucide';
import { IconButton } from '../components/IconButton';
import { Menu, type MenuItem } from '../components/Menu';
import type { Participant } from '../../lib/participant';
import type { Source } from '../../lib/meeting-message';
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
  const encoder = participant.encoder.value;
  const host = meeting.mayModerate.value;
  const isHost = role.value === HOST;
  const pinned = view.isPinned(uid);
  const name = displayName(participant.name.value);
  const mute = (source: 'microphone' | 'camera' | 'screen') => () => view.moderate(meeting.mute(uid, source), t(`done.mute.${source}`, { name }));
  return [
    { icon: pinned ? PinOff : Pin, text: t(pinned ? 'pin.short.off' : 'pin.short.on'), act: () => view.togglePin(uid), testid: 'person-pin', shown: participants.value.length > 1 },
    { icon: MessageSquare, text: t('people.write'), act: () => view.writeTo(uid), testid: 'person-write', shown: mayChat.value && participant.dialect.value > 1 && !encoder },
    ...viewers(view, participant),
    { icon: encoder ? VolumeX : MicOff, text: t(encoder ? 'encoder.mute' : 'people.mute'), act: mute('microphone'), testid: 'person-mute', shown: host && said.value?.audio === true },
    ...(encoder ? unmutes(view, participant) : []),
    { icon: VideoOff, text: t(encoder ? 'encoder.hide' : 'people.camera'), act: mute('camera'), testid: 'person-camera', shown: host && said.value?.video === true },
    { icon: MonitorX, text: t('people.screen'), act: mute('screen'), testid: 'person-screen', shown: host && said.value?.screen === true },
    { icon: Hand, text: t('people.lower'), act: () => view.moderate(meeting.lowerHand(uid), t('done.lower', { name })), testid: 'person-lower', shown: host && hand.value !== undefined },
    {
      icon: isHost ? ShieldOff : ShieldCheck,
      text: t(isHost ? 'people.demote' : 'people.promote'),
      act: () => view.moderate(meeting.setRole(uid, isHost ? 'member' : HOST), t(isHost ? 'done.demote' : 'done.promote', { name })),
      testid: 'person-role',
      shown: host && !encoder,
    },
    { icon: UserX, text: t('people.remove', { name }), act: () => view.askToRemove({ uid, name, ban: false }), testid: 'person-remove', shown: host },
    { icon: Ban, text: t('people.ban', { name }), act: () => view.askToRemove({ uid, name, ban: true }), testid: 'person-ban', shown: host },
  ];
}

/** What those see who watch the room without being in it. */
function viewers(view: CallView, { uid, name, said, tracks, screenOn }: Participant): MenuItem[] {
  const { meeting } = view.call;
  if (!meeting.mayModerate.value || meeting.room.value.stream === 'off') return [];
  const words = { name: displayName(name.value) };
  const item = (source: 'camera' | 'screen', there: boolean): MenuItem => {
    const shown = view.isShown(uid, source);
    return {
      icon: shown ? EyeOff : Eye,
      text: t(shown ? 'show.off' : source === 'screen' ? 'show.screen' : 'show.on'),
      act: () => view.moderate(meeting.show(shown ? undefined : { uid, source }), t(shown ? 'show.done.off' : 'show.done', words)),
      testid: `person-show-${source}`,
      shown: shown || there,
    };
  };
  const sends = (source: Source) => tracks.value.some((track) => track.source === source);
  return [item('camera', sends('camera') && said.value?.video === true), item('screen', sends('screen') && screenOn.value)];
}

/** Nobody sits at an encoder who would press a button after the host has: the host lifts its own mute. */
function unmutes(view: CallView, { uid, name, said, tracks }: Participant): MenuItem[] {
  const { meeting } = view.call;
  const item = (source: 'microphone' | 'camera', on: boolean | undefined): MenuItem => ({
    icon: source === 'camera' ? Video : Volume2,
    text: t(source === 'camera' ? 'encoder.reveal' : 'encoder.unmute'),
    act: () => view.moderate(meeting.unmute(uid, source), t('encoder.done.unmute', { name: displayName(name.value) })),
    testid: `person-unmute-${source}`,
    shown: meeting.mayModerate.value && on === false && tracks.value.some((track) => track.source === source),
  });
  return [item('microphone', said.value?.audio), item('camera', said.value?.video)];
}
