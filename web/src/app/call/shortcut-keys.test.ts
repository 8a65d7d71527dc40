import { describe, expect, it } from 'vitest';
import { shortcutOf, type Key } from './shortcut-keys';

const press = (key: string, more: Partial<Key> = {}): Key => ({ key, code: key === ' ' ? 'Space' : `Key${key.toUpperCase()}`, ctrl: false, meta: false, alt: false, shift: false, composing: false, ...more });

describe('a key in a call', () => {
  it.each([
    [press('m'), 'microphone'],
    [press('M'), 'microphone'],
    [press('d', { ctrl: true }), 'microphone'],
    [press('e', { meta: true }), 'camera'],
    [press('?', { shift: true }), 'help'],
    [press(' '), 'talk'],
    [press('Q', { shift: true }), 'leave'],
    [press('q'), undefined],
    [press('z'), undefined],
  ])('%j means %s', (key, meaning) => {
    expect(shortcutOf(key, 'elsewhere', true)).toBe(meaning);
  });

  it.each([
    ['with Shift', press('M', { shift: true })],
    ['with Alt', press('m', { alt: true })],
    ['with Ctrl', press('m', { ctrl: true })],
    ['with Ctrl and Shift', press('D', { ctrl: true, shift: true })],
    ['in the middle of a word of an input method', press('m', { composing: true })],
  ])('means nothing %s', (_how, key) => {
    expect(shortcutOf(key, 'elsewhere', true)).toBeUndefined();
  });

  it('is a letter in a text field, but for those with Ctrl', () => {
    for (const key of ['m', '?', ' ']) expect(shortcutOf(press(key), 'text', true)).toBeUndefined();
    expect(shortcutOf(press('Q', { shift: true }), 'text', true)).toBeUndefined();
    expect(shortcutOf(press('d', { ctrl: true }), 'text', true)).toBe('microphone');
  });

  it('presses the button it is on, when it is the space bar', () => {
    expect(shortcutOf(press(' '), 'button', true)).toBeUndefined();
    expect(shortcutOf(press('m'), 'button', true)).toBe('microphone');
  });

  it('means nothing alone when letters are switched off', () => {
    for (const key of [press('m'), press(' '), press('?'), press('Q', { shift: true })]) expect(shortcutOf(key, 'elsewhere', false)).toBeUndefined();
    expect(shortcutOf(press('d', { ctrl: true }), 'elsewhere', false)).toBe('microphone');
  });
});
