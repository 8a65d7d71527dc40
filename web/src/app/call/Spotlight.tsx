/** One picture large, the others in a strip: a shared screen, who was pinned, or who speaks. */
import type { Participant } from '../../lib/participant';
import type { CallView, Pin } from './call-view';
import { RemoteTile } from './RemoteTile';
import { ScreenTile } from './ScreenTile';

export interface SpotlightProps {
  view: CallView;
  others: readonly Participant[];
  main: Pin;
}

export function Spotlight({ view, others, main }: SpotlightProps) {
  const chief = others.find(({ uid }) => uid === main.uid);
  const screens = others.filter((participant) => participant.screenOn.value && !(main.source === 'screen' && participant.uid === main.uid));
  const faces = others.filter((participant) => main.source === 'screen' || participant.uid !== main.uid);
  return (
    <>
      {chief && (main.source === 'screen' ? <ScreenTile key={main.uid} view={view} participant={chief} large /> : <LargeFace key={main.uid} view={view} participant={chief} />)}
      {/* It scrolls: by the keyboard through the buttons in it, so it needs no stop of its own. */}
      <div class="strip" data-count={faces.length + screens.length} tabIndex={-1} data-testid="strip">
        {screens.map((participant) => (
          <ScreenTile key={`screen ${participant.uid}`} view={view} participant={participant} />
        ))}
        {faces.map((participant) => (
          <RemoteTile key={participant.uid} view={view} participant={participant} pinnable={others.length > 1 || main.source === 'screen'} />
        ))}
      </div>
    </>
  );
}

function LargeFace({ view, participant }: { view: CallView; participant: Participant }) {
  return (
    <div class="large-face" data-stage-picture>
      <RemoteTile view={view} participant={participant} pinnable large />
    </div>
  );
}
