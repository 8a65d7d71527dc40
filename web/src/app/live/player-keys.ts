/** What a key means to the player. Without the DOM: the page says where the key was pressed. */

export type PlayerKey = 'pause' | 'mute' | 'louder' | 'quieter' | 'full-screen' | 'picture-in-picture' | 'details';

export interface Pressed {
  key: string;
  ctrl: boolean;
  meta: boolean;
  alt: boolean;
}

/** Where it was pressed: in a field or on a slider, on a button or link, or anywhere else. */
export type Place = 'field' | 'button' | 'elsewhere';

const LETTERS: Readonly<Record<string, PlayerKey>> = { k: 'pause', m: 'mute', f: 'full-screen', p: 'picture-in-picture', d: 'details' };
const OTHERS: Readonly<Record<string, PlayerKey>> = { ArrowUp: 'louder', ArrowDown: 'quieter' };

/** @param letters whether single letters are shortcuts (the person may have switched them off) */
export function playerKeyOf(pressed: Pressed, place: Place, letters: boolean): PlayerKey | undefined {
  if (pressed.ctrl || pressed.meta || pressed.alt || place === 'field') return undefined;
  if (pressed.key === ' ') return place === 'button' ? undefined : 'pause';
  return OTHERS[pressed.key] ?? (letters ? LETTERS[pressed.key.toLowerCase()] : undefined);
}
