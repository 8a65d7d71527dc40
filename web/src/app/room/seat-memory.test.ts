import { signal } from '@preact/signals-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call, CallPhase } from '../../lib/call';
import type { ChannelState } from '../../lib/channel';
import { ChatLog } from '../../lib/chat';
import type { Signalling } from '../../lib/signalling';
import { comesBack, keepSeat, leftChat, leftSeat } from './seat-memory';

let stored: Map<string, string>;
let listeners: Map<string, () => void>;
let navigation: string;
let chat: ChatLog;
let state: ReturnType<typeof signal<ChannelState>>;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  stored = new Map();
  listeners = new Map();
  navigation = 'reload';
  chat = new ChatLog();
  state = signal<ChannelState>('idle');
  vi.stubGlobal('sessionStorage', { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => stored.set(key, value), removeItem: (key: string) => stored.delete(key) });
  vi.stubGlobal('performance', { getEntriesByType: () => [{ type: navigation }] });
  vi.stubGlobal('addEventListener', (name: string, listener: () => void) => listeners.set(name, listener));
  vi.stubGlobal('removeEventListener', (name: string) => listeners.delete(name));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** In the room, until the page goes. */
function stay(): { phase: ReturnType<typeof signal<CallPhase>> } {
  const phase = signal<CallPhase>('joined');
  const part = () => (state.value = 'closed');
  keepSeat('room', { state, seat: { uid: 'me', resume: 'ticket' } } as unknown as Signalling, { phase, chat, part } as unknown as Call);
  state.value = 'open';
  return { phase };
}

const reload = () => listeners.get('pagehide')?.();

describe('a page that was loaded again', () => {
  it('comes back to its seat and its chat, as long as the server keeps them', () => {
    stay();
    chat.receive({ uid: 'bo', name: 'Bo' }, 'hello', 1);
    reload();
    expect(leftSeat('room')).toEqual({ uid: 'me', resume: 'ticket' });
    expect(leftChat('room')).toMatchObject([{ text: 'hello' }]);
    expect(comesBack('room', Date.now() + 7_999)).toBe(true);
    expect(comesBack('room', Date.now() + 8_000)).toBe(false);
  });

  it.each([
    ['of another room', () => undefined, 'other'],
    ['that was opened from a link', () => (navigation = 'navigate'), 'room'],
  ])('is not one %s', (_which, change, room) => {
    stay();
    reload();
    change();
    expect(comesBack(room, Date.now())).toBe(false);
  });

  it('asks in the lobby when it crashed: nobody knows how long ago', () => {
    stay();
    expect(leftSeat('room')).toBeDefined();
    expect(comesBack('room', Date.now())).toBe(false);
  });

  it('has nothing to come back to after hanging up', () => {
    const { phase } = stay();
    state.value = 'closed';
    phase.value = 'left';
    reload();
    expect(stored.size).toBe(0);
  });

  it.each(['nonsense', 'null', '{"room":"room","uid":7}', '[]'])('is not led astray by %s in the storage', (text) => {
    stored.set('parlor.seat', text);
    expect(leftSeat('room')).toBeUndefined();
    expect(leftChat('room')).toEqual([]);
    expect(comesBack('room', Date.now())).toBe(false);
  });

  it('shows no line of the chat that is none', () => {
    stored.set('parlor.seat', JSON.stringify({ room: 'room', uid: 'me', resume: 'ticket', chat: [{ text: 'a', at: 1 }, { text: 2, at: 1 }, null, { text: 'b', at: 1, from: {} }] }));
    expect(leftChat('room').map(({ text }) => text)).toEqual(['a']);
  });
});
