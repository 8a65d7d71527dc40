/** Makes one picture large, or all of them equal again. */
import { Pin, PinOff } from 'lucide';
import { Icon } from '../components/Icon';
import type { CallView, Pin as PinnedPicture } from './call-view';
import { t } from '../texts';

export function PinButton({ view, uid, source, name }: { view: CallView; uid: string; source: PinnedPicture['source']; name: string }) {
  const pinned = view.isPinned(uid, source);
  const label = t(pinned ? 'pin.off' : 'pin.on', { name });
  return (
    <button type="button" class="pin" aria-label={label} title={label} aria-pressed={pinned} onClick={() => view.togglePin(uid, source)} data-testid="pin">
      <Icon icon={pinned ? PinOff : Pin} size={18} />
    </button>
  );
}
