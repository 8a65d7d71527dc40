/** Another member: picture or initials, name, and what is the matter with the line. */
import { useRef } from 'preact/hooks';
import { Avatar } from '../components/Avatar';
import { Video } from '../components/Video';
import type { Participant } from '../../lib/participant';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { PinButton } from './PinButton';
import { TileName } from './TileName';
import { TileReactions } from './TileReactions';
import { TileTrouble } from './TileTrouble';
import { useWish } from './use-wish';
import { t } from '../texts';

export interface RemoteTileProps {
  view: CallView;
  participant: Participant;
  /** There are others beside it, so one may want it large. */
  pinnable?: boolean;
  /** It is the large one. */
  large?: boolean;
}

export function RemoteTile({ view, participant, pinnable = false, large = false }: RemoteTileProps) {
  const tile = useRef<HTMLElement>(null);
  const { uid } = participant;
  const name = displayName(participant.name.value);
  const pinned = view.isPinned(uid);
  const picture = participant.picture.value;
  const pictureOn = picture.length > 0;
  useWish(tile, view, { uid, source: 'camera', wanted: participant.said.value?.video !== false, priority: pinned ? 'pinned' : large ? 'speaker' : 'normal' });
  return (
    <article
      ref={tile}
      class="tile"
      data-speaking={participant.speaking.value}
      data-path={participant.path.value}
      data-layer={participant.feed.value?.layer}
      data-testid="remote-tile"
      data-uid={uid}
      data-encoder={participant.encoder.value}
      aria-label={name}
      onDblClick={pinnable ? () => view.togglePin(uid) : undefined}
    >
      {/* Behind the picture, and seen until that has come. */}
      <div class="tile-empty">
        <Avatar name={participant.name.value} />
      </div>
      <Video tracks={picture} label={t('picture.of', { name })} class={pictureOn ? '' : 'hidden-picture'} testid="remote-video" />
      <TileTrouble participant={participant} />
      <TileReactions view={view} uid={uid} raised={participant.hand.value !== undefined} name={name} />
      <TileName participant={participant} shown={view.isShown(uid, 'camera')} />
      {pinnable && <PinButton view={view} uid={uid} source="camera" name={name} />}
    </article>
  );
}
