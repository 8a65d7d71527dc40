/** One person in the list: name, role, what is on, and a menu of what one can do. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Ban, EllipsisVertical, Hand, MessageSquare, Mic, MicOff, MonitorX, Pin, PinOff, ShieldCheck, ShieldOff, UserX, Video, VideoOff, type IconNode } from 'lucide';
import { Avatar } from '../components/Avatar';
import { Icon } from '../components/Icon';
import { IconButton } from '../components/IconButton';
import type { Participant } from '../../lib/participant';
import { recall } from '../preferences';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { t } from '../texts';

const HOST = 'host';

export function OwnRow({ view }: { view: CallView }) {
  const { media, meeting } = view.call;
  const { audio, video } = media.state.value;
  return (
    <li class="person" data-testid="person-self">
      <Avatar name={recall('name') ?? ''} />
      <Words name={t('people.self', { name: displayName(recall('name') ?? '') })} role={meeting.role.value} />
      <Marks audio={audio} video={video} hand={meeting.hand.value} />
    </li>
  );
}

export function PersonRow({ view, participant, turn }: { view: CallView; participant: Participant; turn?: number }) {
  const name = displayName(participant.name.value);
  const said = participant.said.value;
  return (
    <li class="person" data-testid="person" data-uid={participant.uid} data-speaking={participant.speaking.value}>
      <Avatar name={participant.name.value} />
      <Words name={name} role={participant.role.value} />
      <Marks audio={participant.audioOn.value} video={said?.video ?? true} hand={turn !== undefined} turn={turn} />
      <PersonMenu view={view} participant={participant} name={name} />
    </li>
  );
}

function Words({ name, role }: { name: string; role: string }) {
  return (
    <span class="person-words">
      <span class="person-name" data-testid="person-name">
        {name}
      </span>
      {role !== 'member' && <span class="quiet small">{role === HOST ? t('people.host') : role}</span>}
    </span>
  );
}

function Marks({ audio, video, hand, turn }: { audio: boolean; video: boolean; hand: boolean; turn?: number | undefined }) {
  return (
    <span class="person-marks">
      {hand && (
        <span class="person-hand" title={t('hand.up')} data-testid="person-hand">
          <Icon icon={Hand} size={18} />
          {turn}
          <span class="visually-hidden">{t('hand.up')}</span>
        </span>
      )}
      <Mark icon={audio ? Mic : MicOff} on={audio} text={t(audio ? 'people.mic.on' : 'people.mic.off')} />
      <Mark icon={video ? Video : VideoOff} on={video} text={t(video ? 'people.camera.on' : 'people.camera.off')} />
    </span>
  );
}

function Mark({ icon, on, text }: { icon: IconNode; on: boolean; text: string }) {
  return (
    <span class={on ? '' : 'quiet'} title={text}>
      <Icon icon={icon} size={18} />
      <span class="visually-hidden">{text}</span>
    </span>
  );
}

interface Choice {
  icon: IconNode;
  text: string;
  act: () => void | Promise<void>;
  testid: string;
  shown: boolean;
}

function choices(view: CallView, participant: Participant): Choice[] {
  const { meeting, mayChat, participants } = view.call;
  const { uid, said, role, hand } = participant;
  const host = meeting.mayModerate.value;
  const isHost = role.value === HOST;
  const pinned = view.isPinned(uid);
  const name = displayName(participant.name.value);
  return [
    { icon: pinned ? PinOff : Pin, text: t(pinned ? 'pin.short.off' : 'pin.short.on'), act: () => view.togglePin(uid), testid: 'person-pin', shown: participants.value.length > 1 },
    { icon: MessageSquare, text: t('people.write'), act: () => view.writeTo(uid), testid: 'person-write', shown: mayChat.value && participant.dialect.value > 1 },
    { icon: MicOff, text: t('people.mute'), act: () => meeting.mute(uid, 'microphone'), testid: 'person-mute', shown: host && said.value?.audio === true },
    { icon: VideoOff, text: t('people.camera'), act: () => meeting.mute(uid, 'camera'), testid: 'person-camera', shown: host && said.value?.video === true },
    { icon: MonitorX, text: t('people.screen'), act: () => meeting.mute(uid, 'screen'), testid: 'person-screen', shown: host && said.value?.screen === true },
    { icon: Hand, text: t('people.lower'), act: () => meeting.lowerHand(uid), testid: 'person-lower', shown: host && hand.value !== undefined },
    { icon: isHost ? ShieldOff : ShieldCheck, text: t(isHost ? 'people.demote' : 'people.promote'), act: () => meeting.setRole(uid, isHost ? 'member' : HOST), testid: 'person-role', shown: host },
    { icon: UserX, text: t('people.remove', { name }), act: () => meeting.remove(uid, false), testid: 'person-remove', shown: host },
    { icon: Ban, text: t('people.ban', { name }), act: () => meeting.remove(uid, true), testid: 'person-ban', shown: host },
  ];
}

function PersonMenu({ view, participant, name }: { view: CallView; participant: Participant; name: string }) {
  const element = useRef<HTMLDivElement>(null);
  const [open, show] = useState(false);
  useEffect(() => {
    if (!open) return;
    placeMenu(element.current);
    element.current?.querySelector<HTMLElement>('.person-menu button')?.focus({ preventScroll: true });
    const elsewhere = (event: Event) => {
      if (event.target instanceof Node && !element.current?.contains(event.target)) show(false);
    };
    const scrolled = () => show(false);
    addEventListener('pointerdown', elsewhere);
    addEventListener('resize', scrolled);
    element.current?.closest('.people-body')?.addEventListener('scroll', scrolled, { once: true });
    return () => {
      removeEventListener('pointerdown', elsewhere);
      removeEventListener('resize', scrolled);
    };
  }, [open]);
  const shown = choices(view, participant).filter((choice) => choice.shown);
  if (shown.length === 0) return null;
  const away = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return;
    event.stopPropagation();
    show(false);
    element.current?.querySelector('button')?.focus();
  };
  return (
    <div ref={element} class="person-more" onKeyDown={away}>
      <IconButton icon={EllipsisVertical} label={t('people.more', { name })} expanded={open} onClick={() => show(!open)} testid="person-more" />
      {open && (
        <ul class="person-menu">
          {shown.map(({ icon, text, act, testid }) => (
            <li key={testid}>
              <button
                type="button"
                class="more-item"
                data-testid={testid}
                onClick={() => {
                  show(false);
                  // What the server refuses shows in the list: nothing changes there.
                  void Promise.resolve(act()).catch(() => undefined);
                }}
              >
                <Icon icon={icon} />
                {text}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Below its button, or above it where there is no room; never cut by the list that scrolls. */
function placeMenu(holder: HTMLElement | null): void {
  const menu = holder?.querySelector<HTMLElement>('.person-menu');
  if (!holder || !menu) return;
  const button = holder.getBoundingClientRect();
  const below = innerHeight - button.bottom > menu.offsetHeight;
  menu.style.top = `${below ? button.bottom : Math.max(0, button.top - menu.offsetHeight)}px`;
  menu.style.right = `${innerWidth - button.right}px`;
}
