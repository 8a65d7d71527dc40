/** The own picture: mirrored, in a corner of the stage, to be dragged or moved by arrow keys, to be hidden. */
import { useRef, useState } from 'preact/hooks';
import { recall, remember } from '../preferences';
import type { CallView } from './call-view';
import { OwnPicture } from './OwnPicture';
import { t } from '../texts';

type Corner = `${'top' | 'bottom'}-${'left' | 'right'}`;
const CORNERS: readonly Corner[] = ['top-left', 'top-right', 'bottom-left', 'bottom-right'];

export function SelfView({ view }: { view: CallView }) {
  const [corner, setCorner] = useState<Corner>(() => CORNERS.find((known) => known === recall('self.corner')) ?? 'bottom-right');
  const tile = useRef<HTMLDivElement>(null);
  const grip = useRef<{ x: number; y: number } | undefined>(undefined);
  if (view.selfHidden.value) return null;

  const settle = (next: Corner) => {
    setCorner(next);
    remember('self.corner', next);
  };
  const move = (event: PointerEvent) => {
    if (!grip.current || !tile.current) return;
    tile.current.style.translate = `${event.clientX - grip.current.x}px ${event.clientY - grip.current.y}px`;
  };
  const drop = () => {
    const element = tile.current;
    if (!grip.current || !element) return;
    grip.current = undefined;
    const at = element.getBoundingClientRect();
    const stage = element.parentElement?.getBoundingClientRect() ?? at;
    const below = at.top + at.height / 2 > stage.top + stage.height / 2;
    const right = at.left + at.width / 2 > stage.left + stage.width / 2;
    element.style.translate = '';
    settle(`${below ? 'bottom' : 'top'}-${right ? 'right' : 'left'}`);
  };
  const key = (event: KeyboardEvent) => {
    const [vertical, horizontal] = corner.split('-') as ['top' | 'bottom', 'left' | 'right'];
    const next: Record<string, Corner> = {
      ArrowUp: `top-${horizontal}`,
      ArrowDown: `bottom-${horizontal}`,
      ArrowLeft: `${vertical}-left`,
      ArrowRight: `${vertical}-right`,
    };
    const wanted = next[event.key];
    if (!wanted) return;
    event.preventDefault();
    settle(wanted);
  };
  return (
    <div
      ref={tile}
      class="self"
      data-corner={corner}
      data-testid="self-view"
      tabIndex={0}
      role="group"
      aria-label={t('self.move')}
      onPointerDown={(event) => {
        if (event.target instanceof Element && event.target.closest('button')) return;
        grip.current = { x: event.clientX, y: event.clientY };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={move}
      onPointerUp={drop}
      onPointerCancel={drop}
      onKeyDown={key}
    >
      <OwnPicture view={view} />
    </div>
  );
}
