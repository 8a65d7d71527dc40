import { describe, expect, it } from 'vitest';
import { playerKeyOf, type Pressed } from './player-keys';

const press = (key: string, more: Partial<Pressed> = {}): Pressed => ({ key, ctrl: false, meta: false, alt: false, ...more });

describe('a key in the player', () => {
  it.each([
    [' ', 'pause'],
    ['k', 'pause'],
    ['M', 'mute'],
    ['f', 'full-screen'],
    ['p', 'picture-in-picture'],
    ['d', 'details'],
    ['ArrowUp', 'louder'],
    ['ArrowDown', 'quieter'],
    ['q', undefined],
  ])('%j means %s', (key, meaning) => {
    expect(playerKeyOf(press(key), 'elsewhere', true)).toBe(meaning);
  });

  it('means nothing in a field, nor with Ctrl, Alt or Command', () => {
    expect(playerKeyOf(press('m'), 'field', true)).toBeUndefined();
    expect(playerKeyOf(press('ArrowUp'), 'field', true)).toBeUndefined();
    for (const held of ['ctrl', 'alt', 'meta'] as const) expect(playerKeyOf(press('f', { [held]: true }), 'elsewhere', true)).toBeUndefined();
  });

  it('presses a button by Space, and is a letter only where letters are shortcuts', () => {
    expect(playerKeyOf(press(' '), 'button', true)).toBeUndefined();
    expect(playerKeyOf(press('m'), 'button', true)).toBe('mute');
    expect(playerKeyOf(press('m'), 'elsewhere', false)).toBeUndefined();
    expect(playerKeyOf(press(' '), 'elsewhere', false)).toBe('pause');
  });
});
