/** The name on a tile, with the marks of what is off and of a line that is not good. */
import { MicOff, VideoOff, type IconNode } from 'lucide';
import { Icon } from '../components/Icon';
import type { Participant } from '../../lib/participant';
import { displayName } from './display-name';
import { NetworkMark } from './NetworkMark';
import { t } from '../texts';

export function TileName({ participant }: { participant: Participant }) {
  const name = displayName(participant.name.value);
  const network = participant.network.value;
  return (
    <div class="tile-name">
      <span data-testid="peer-name">{name}</span>
      {!participant.audioOn.value && <Mark icon={MicOff} text={t('peer.muted', { name })} testid="peer-muted" />}
      {participant.said.value?.video === false && <Mark icon={VideoOff} text={t('peer.camera-off', { name })} testid="peer-camera-off" />}
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
