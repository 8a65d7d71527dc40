/** The keys of the call page. Single letters count only outside text fields. */
import type { CallView } from './call-view';
import type { TextKey } from '../texts';

export interface Shortcut {
  keys: readonly string[];
  text: TextKey;
}

/** What `?` lists. */
export const SHORTCUTS: readonly Shortcut[] = [
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
  { keys: ['Q'], text: 'keys.leave' },
  { keys: ['?'], text: 'keys.help' },
];

type Action = (view: CallView) => void;

const LETTERS: Readonly<Record<string, Action>> = {
  m: (view) => view.toggleMicrophone(),
  c: (view) => view.toggleCamera(),
  s: (view) => view.toggleShare(),
  h: (view) => view.toggleHand(),
  t: (view) => view.toggleChat(),
  p: (view) => view.togglePeople(),
  g: (view) => view.toggleLayout(),
  l: (view) => view.toggleSelf(),
  f: (view) => view.toggleFullScreen(),
  i: (view) => view.toggleStats(),
  q: (view) => view.hangUp(),
  '?': (view) => view.openDialog('shortcuts'),
};

const WITH_CONTROL: Readonly<Record<string, Action>> = {
  d: (view) => view.toggleMicrophone(),
  e: (view) => view.toggleCamera(),
};

/** Listens until the returned function is called. */
export function listenForShortcuts(view: CallView): () => void {
  let talking = false;
  const down = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey || view.dialog.peek()) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      const action = event.shiftKey ? undefined : WITH_CONTROL[key];
      if (!action) return;
      event.preventDefault();
      if (!event.repeat) action(view);
      return;
    }
    if (writesText(event.target)) return;
    if (event.code === 'Space') {
      if (pressedByKeyboard(event.target)) return;
      event.preventDefault();
      if (event.repeat || talking || view.call.media.microphoneOn.peek()) return;
      talking = true;
      void view.call.media.setMicrophone(true);
      return;
    }
    const action = LETTERS[key];
    if (!action || event.repeat) return;
    event.preventDefault();
    action(view);
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

function writesText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'));
}

/** Space presses a button that was reached with the keyboard; after a click it means talking. */
function pressedByKeyboard(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('button:focus-visible, a:focus-visible, summary:focus-visible');
}
