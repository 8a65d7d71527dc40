/** A shared screen: whole, never cut, with its owner's name. */
import { useRef } from 'preact/hooks';
import { CirclePause, MonitorUp } from 'lucide';
import { Icon } from '../components/Icon';
import { Video } from '../components/Video';
import type { Participant } from '../../lib/participant';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { PinButton } from './PinButton';
import { useWish } from './use-wish';
import { t } from '../texts';

export function ScreenTile({ view, participant, large = false }: { view: CallView; participant: Participant; large?: boolean }) {
  const tile = useRef<HTMLElement>(null);
  const { uid } = participant;
  const name = displayName(participant.name.value);
  const title = t('share.of', { name });
  const picture = participant.screenPicture.value;
  const starved = participant.screenFeed.value?.state === 'paused' && participant.screenFeed.value.reason === 'bandwidth';
  useWish(tile, view, { uid, source: 'screen', wanted: true, priority: large ? 'pinned' : 'normal' });
  return (
    <figure ref={tile} class={large ? 'shared-screen' : 'tile'} data-stage-picture={large || undefined} data-layer={participant.screenFeed.value?.layer} data-testid="screen-tile">
      {picture.length > 0 ? (
        <Video tracks={picture} label={title} testid="remote-screen" />
      ) : (
        <p class="tile-empty tile-loading">
          <Icon icon={starved ? CirclePause : MonitorUp} />
          {starved ? t('tile.starved', { name }) : t('share.coming', { name })}
        </p>
      )}
      <figcaption class="tile-name">
        <span>{title}</span>
      </figcaption>
      <PinButton view={view} uid={uid} source="screen" name={title} />
    </figure>
  );
}
