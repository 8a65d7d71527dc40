import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ChatMessage } from '../../lib/chat';
import { ChatPreview, PREVIEW_CALM_MS, PREVIEW_SHOWN_MS } from './chat-preview';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function message(text: string): ChatMessage {
  return { key: 1, from: { uid: 'bo', name: 'Bo' }, to: undefined, private: false, text, at: 0, delivery: 'sent' };
}

const preview = () => new ChatPreview(() => Date.now());
const textOf = (shown: ChatPreview) => shown.shown.value?.text;

it('a message is shown at once, and goes after a while', () => {
  const shown = preview();
  shown.offer(message('a'));
  expect(textOf(shown)).toBe('a');
  vi.advanceTimersByTime(PREVIEW_SHOWN_MS);
  expect(textOf(shown)).toBeUndefined();
});

it('of a hundred within a moment the first and the last are shown, each for as long as it takes to read', () => {
  const shown = preview();
  const seen: (string | undefined)[] = [];
  shown.shown.subscribe((one) => void seen.push(one?.text));
  for (let n = 0; n < 100; n++) {
    shown.offer(message(String(n)));
    vi.advanceTimersByTime(10);
  }
  expect(textOf(shown)).toBe('0');
  vi.advanceTimersByTime(PREVIEW_CALM_MS);
  expect(textOf(shown)).toBe('99');
  vi.advanceTimersByTime(PREVIEW_SHOWN_MS);
  expect(seen).toEqual([undefined, '0', '99', undefined]);
});

it('nothing that waited comes after the chat was opened', () => {
  const shown = preview();
  shown.offer(message('a'));
  shown.offer(message('b'));
  shown.clear();
  vi.advanceTimersByTime(PREVIEW_CALM_MS + PREVIEW_SHOWN_MS);
  expect(textOf(shown)).toBeUndefined();
});
