/** One person in the list: name, role, and what is on. */
import { Hand, Mic, MicOff, Video, VideoOff, Volume2, VolumeX, type IconNode } from 'lucide';
import { Avatar } from '../components/Avatar';
import { Icon } from '../components/Icon';
import type { Participant } from '../../lib/participant';
import { recall } from '../preferences';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { HOST, PersonMenu } from './PersonMenu';
import { t } from '../texts';

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

export function PersonRow({ view, participant, turn }: { view: CallView; participant: Participant; turn: number | undefined }) {
  const name = displayName(participant.name.value);
  const said = participant.said.value;
  return (
    <li class="person" data-testid="person" data-uid={participant.uid} data-speaking={participant.speaking.value}>
      <Avatar name={participant.name.value} />
      <Words name={name} role={participant.role.value} encoder={participant.encoder.value} />
      <Marks audio={participant.audioOn.value} video={said?.video ?? true} encoder={participant.encoder.value} hand={turn !== undefined} turn={turn} />
      <PersonMenu view={view} participant={participant} name={name} />
    </li>
  );
}

function Words({ name, role, encoder = false }: { name: string; role: string; encoder?: boolean }) {
  return (
    <span class="person-words">
      <span class="person-name" data-testid="person-name">
        {name}
      </span>
      {encoder && <span class="quiet small">{t('encoder.short')}</span>}
      {role !== 'member' && <span class="quiet small">{role === HOST ? t('people.host') : role}</span>}
    </span>
  );
}

function Marks({ audio, video, encoder = false, hand, turn }: { audio: boolean; video: boolean; encoder?: boolean; hand: boolean; turn?: number | undefined }) {
  return (
    <span class="person-marks">
      {hand && (
        <span class="person-hand" title={t('hand.up')} data-testid="person-hand">
          <Icon icon={Hand} size={18} />
          {turn}
          <span class="visually-hidden">{t('hand.up')}</span>
        </span>
      )}
      {encoder ? (
        <Mark icon={audio ? Volume2 : VolumeX} on={audio} text={t(audio ? 'encoder.sound.on' : 'encoder.sound.off')} />
      ) : (
        <Mark icon={audio ? Mic : MicOff} on={audio} text={t(audio ? 'people.mic.on' : 'people.mic.off')} />
      )}
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
