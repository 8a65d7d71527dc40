/** The name on a tile, with the marks of what it is, of what is off and of a line that is not good. */
import { Eye, MicOff, VideoOff, VolumeX, Webcam, type IconNode } from 'lucide';
import { Icon } from '../components/Icon';
import type { Participant } from '../../lib/participant';
import { displayName } from './display-name';
import { NetworkMark } from './NetworkMark';
import { t } from '../texts';

export function TileName({ participant, shown = false }: { participant: Participant; shown?: boolean }) {
  const name = displayName(participant.name.value);
  const network = participant.network.value;
  const encoder = participant.encoder.value;
  return (
    <div class="tile-name">
      <span data-testid="peer-name">{name}</span>
      {encoder && <Mark icon={Webcam} text={t('encoder.is', { name })} testid="peer-encoder" />}
      {shown && <Mark icon={Eye} text={t('show.is', { name })} testid="peer-shown" />}
      {!participant.audioOn.value && <Mark icon={encoder ? VolumeX : MicOff} text={t(encoder ? 'encoder.silent' : 'peer.muted', { name })} testid="peer-muted" />}
      {participant.said.value?.video === false && <Mark icon={VideoOff} text={t(encoder ? 'encoder.dark' : 'peer.camera-off', { name })} testid="peer-camera-off" />}
      {network && participant.path.value === 'server' && <NetworkMark quality={network} name={name} />}
    </div>
  );
}

function Mark({ icon, text, testid }: { icon: IconNode; text: string; testid: string }) {
  return (
    <span class="tile-mark" title={text} data-testid={testid}>
      <Icon icon={icon} size={16} />
      <span class="visually-hidden">{text}</span>
    </span>
  );
}
