/** Tells the media server how large a tile is, in device pixels, and whether anybody sees it. */
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { signal } from '@preact/signals';
import type { Priority } from '../../lib/meeting-message';
import type { CallView } from './call-view';

/** Beyond this, more pixels are not seen. */
const PIXEL_RATIO_MAX = 2;

/** Nobody looks at a page in the background, unless one of its pictures floats above the others. */
const looked = signal(isLooked());
for (const event of ['visibilitychange', 'enterpictureinpicture', 'leavepictureinpicture'] as const) {
  document.addEventListener(event, () => (looked.value = isLooked()), true);
}

function isLooked(): boolean {
  return document.visibilityState === 'visible' || document.pictureInPictureElement !== null;
}

export interface TileWish {
  uid: string;
  source: 'camera' | 'screen';
  /** There is something to see. */
  wanted: boolean;
  priority: Priority;
}

export function useWish(element: RefObject<HTMLElement | null>, view: CallView, { uid, source, wanted, priority }: TileWish): void {
  const session = view.call.topology.session.value;
  useEffect(() => {
    const tile = element.current;
    if (!session || !wanted || !tile) return;
    let seen = true;
    const tell = () => {
      const ratio = Math.min(devicePixelRatio, PIXEL_RATIO_MAX);
      session.want({ uid, source, width: tile.clientWidth * ratio, height: tile.clientHeight * ratio, priority, visible: seen && looked.peek() });
    };
    const size = new ResizeObserver(tell);
    const place = new IntersectionObserver((entries) => {
      seen = entries.at(-1)?.isIntersecting ?? seen;
      tell();
    });
    size.observe(tile);
    place.observe(tile);
    const forget = looked.subscribe(tell);
    return () => {
      size.disconnect();
      place.disconnect();
      forget();
      session.drop(uid, source);
    };
  }, [session, uid, source, wanted, priority]);
}
