/** The pictures: a shared screen first, else the others; the own picture in a corner, or in the strip beside a screen. */
import { Video } from '../components/Video';
import type { CallView } from './call-view';
import { AloneCard } from './AloneCard';
import { displayName } from './display-name';
import { RemoteTile } from './RemoteTile';
import { SelfView } from './SelfView';
import { SharingCard } from './SharingCard';
import { t } from '../texts';

export function Stage({ room, view }: { room: string; view: CallView }) {
  const others = view.call.participants.value;
  const sharer = others.find((participant) => participant.screenOn.value);
  const own = view.call.media.screen.value;
  if (others.length === 0) {
    return (
      <div class="stage stage-alone">
        <AloneCard room={room} view={view} />
        <SelfView view={view} />
        {own && <SharingCard view={view} screen={own} />}
      </div>
    );
  }
  return (
    <div class={`stage ${sharer ? 'stage-shared' : ''}`}>
      {sharer && (
        <figure class="shared-screen" data-stage-picture>
          <Video tracks={sharer.shown.value?.screen.value ?? []} label={t('share.of', { name: displayName(sharer.name.value) })} testid="remote-screen" />
          <figcaption class="tile-name">{t('share.of', { name: displayName(sharer.name.value) })}</figcaption>
        </figure>
      )}
      <div class={sharer ? 'strip' : 'faces'} data-count={others.length} data-stage-picture={!sharer || undefined}>
        {others.map((participant) => (
          <RemoteTile key={participant.uid} view={view} participant={participant} />
        ))}
      </div>
      <SelfView view={view} />
      {own && <SharingCard view={view} screen={own} />}
    </div>
  );
}
