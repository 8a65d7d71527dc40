/** What a key means in a call. Without the DOM: the page says where the key was pressed. */

export type Shortcut =
  | 'microphone'
  | 'camera'
  | 'share'
  | 'hand'
  | 'chat'
  | 'people'
  | 'layout'
  | 'self'
  | 'full-screen'
  | 'statistics'
  | 'leave'
  | 'help'
  | 'talk';

export interface Key {
  key: string;
  code: string;
  ctrl: boolean;
  meta: boolean;
  alt: boolean;
  shift: boolean;
  /** A word of an input method is not finished. */
  composing: boolean;
}

/** Where it was pressed: in a field for text, or on a button that was reached with the keyboard. */
export type Place = 'text' | 'button' | 'elsewhere';

const LETTERS: Readonly<Record<string, Shortcut>> = {
  m: 'microphone',
  c: 'camera',
  s: 'share',
  h: 'hand',
  t: 'chat',
  p: 'people',
  g: 'layout',
  l: 'self',
  f: 'full-screen',
  i: 'statistics',
};

const WITH_CONTROL: Readonly<Record<string, Shortcut>> = { d: 'microphone', e: 'camera' };

/** @param letters whether single letters are shortcuts; those with Ctrl always are */
export function shortcutOf(pressed: Key, place: Place, letters: boolean): Shortcut | undefined {
  if (pressed.alt || pressed.composing) return undefined;
  const key = pressed.key.toLowerCase();
  if (pressed.ctrl || pressed.meta) return pressed.shift ? undefined : WITH_CONTROL[key];
  if (!letters || place === 'text') return undefined;
  if (pressed.code === 'Space') return pressed.shift || place === 'button' ? undefined : 'talk';
  if (key === '?') return 'help';
  // Leaving by a slip of one finger would be a pity.
  if (pressed.shift) return key === 'q' ? 'leave' : undefined;
  return LETTERS[key];
}
