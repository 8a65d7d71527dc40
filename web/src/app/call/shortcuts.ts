/** The keys of the call page. */
import type { CallView } from './call-view';
import { shortcutOf, type Place, type Shortcut } from './shortcut-keys';
import type { TextKey } from '../texts';

/** What `?` lists. */
export const SHORTCUTS: readonly { keys: readonly string[]; text: TextKey }[] = [
  { keys: ['M', 'Ctrl+D'], text: 'keys.mic' },
  { keys: ['Space'], text: 'keys.talk' },
  { keys: ['C', 'Ctrl+E'], text: 'keys.camera' },
  { keys: ['S'], text: 'keys.share' },
  { keys: ['H'], text: 'keys.hand' },
  { keys: ['T'], text: 'keys.chat' },
  { keys: ['P'], text: 'keys.people' },
  { keys: ['G'], text: 'keys.layout' },
  { keys: ['L'], text: 'keys.self' },
  { keys: ['F'], text: 'keys.full' },
  { keys: ['I'], text: 'keys.stats' },
  { keys: ['Shift+Q'], text: 'keys.leave' },
  { keys: ['?'], text: 'keys.help' },
];

const ACTIONS: Readonly<Record<Exclude<Shortcut, 'talk'>, (view: CallView) => void>> = {
  microphone: (view) => view.toggleMicrophone(),
  camera: (view) => view.toggleCamera(),
  share: (view) => view.toggleShare(),
  hand: (view) => view.toggleHand(),
  chat: (view) => view.toggleChat(),
  people: (view) => view.togglePeople(),
  layout: (view) => view.toggleLayout(),
  self: (view) => view.toggleSelf(),
  'full-screen': (view) => view.toggleFullScreen(),
  statistics: (view) => view.toggleStats(),
  leave: (view) => view.hangUp(),
  help: (view) => view.openDialog('shortcuts'),
};

/** Listens until the returned function is called. */
export function listenForShortcuts(view: CallView): () => void {
  let talking = false;
  const down = (event: KeyboardEvent) => {
    if (event.defaultPrevented || view.dialog.peek() || view.removal.peek()) return;
    const { key, code, ctrlKey: ctrl, metaKey: meta, altKey: alt, shiftKey: shift, isComposing: composing } = event;
    const place = placeOf(event.target);
    // What is held down is the shortcut still: the page must not scroll, the browser not bookmark.
    const meaning = shortcutOf({ key, code, ctrl, meta, alt, shift, composing }, place, view.letterKeys.peek());
    if (!meaning) return;
    event.preventDefault();
    if (event.repeat) return;
    if (meaning !== 'talk') ACTIONS[meaning](view);
    else if (!talking && !view.call.media.microphoneOn.peek()) {
      talking = true;
      void view.call.media.setMicrophone(true);
    }
  };
  const up = (event: KeyboardEvent) => {
    if (event.code === 'Space') stopTalking();
  };
  const stopTalking = () => {
    if (!talking) return;
    talking = false;
    void view.call.media.setMicrophone(false);
  };
  addEventListener('keydown', down);
  addEventListener('keyup', up);
  addEventListener('blur', stopTalking);
  return () => {
    removeEventListener('keydown', down);
    removeEventListener('keyup', up);
    removeEventListener('blur', stopTalking);
    stopTalking();
  };
}

/** Space presses a button that was reached with the keyboard; after a click it means talking. */
function placeOf(target: EventTarget | null): Place {
  if (!(target instanceof HTMLElement)) return 'elsewhere';
  if (target.isContentEditable || target.matches('input, textarea, select, [role=textbox]')) return 'text';
  return target.matches('button:focus-visible, a:focus-visible, summary:focus-visible') ? 'button' : 'elsewhere';
}
