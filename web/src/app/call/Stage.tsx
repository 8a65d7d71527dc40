/** The pictures: one large with a strip beside it, or all of one size; the own picture in a corner, or one of the tiles. */
import type { Participant } from '../../lib/participant';
import { AloneCard } from './AloneCard';
import type { CallView, Pin } from './call-view';
import { Grid } from './Grid';
import { SelfView } from './SelfView';
import { SharingCard } from './SharingCard';
import { Spotlight } from './Spotlight';

export function Stage({ room, view }: { room: string; view: CallView }) {
  const others = view.call.participants.value;
  const own = view.call.media.screen.value;
  const main = mainPicture(view, others);
  const sharing = own && <SharingCard view={view} screen={own} />;
  if (others.length === 0) {
    return (
      <div class="stage stage-alone">
        <AloneCard room={room} view={view} />
        <SelfView view={view} />
        {sharing}
      </div>
    );
  }
  return (
    <div class={`stage ${main ? 'stage-shared' : others.length > 1 ? 'stage-grid' : ''}`}>
      {main ? <Spotlight view={view} others={others} main={main} /> : <Grid view={view} others={others} />}
      {(main || others.length === 1) && <SelfView view={view} />}
      {sharing}
    </div>
  );
}

/** What is large: what was pinned, else a shared screen, else who speaks, where that is wanted. */
function mainPicture(view: CallView, others: readonly Participant[]): Pin | undefined {
  const pin = view.pin.value;
  const pinned = others.find(({ uid }) => uid === pin?.uid);
  if (pin && pinned && (pin.source === 'screen' ? pinned.screenOn.value : others.length > 1 || others.some((participant) => participant.screenOn.value))) return pin;
  const sharer = others.find((participant) => participant.screenOn.value);
  if (sharer) return { uid: sharer.uid, source: 'screen' };
  if (view.layout.value !== 'speaker' || others.length < 2) return undefined;
  const active = view.call.speech.active.value;
  const speaker = others.find(({ uid }) => uid === active) ?? others[0];
  return speaker && { uid: speaker.uid, source: 'camera' };
}
