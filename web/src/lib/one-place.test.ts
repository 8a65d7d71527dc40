/** A member is in one place: what a channel does when another connection has its seat or its uid. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChannelEvent } from './channel';
import { UID_IN_USE_MS_MAX, type Signalling } from './signalling';
import { FakeSocket, joinedFrame } from './testing/fake-socket';
import { makeSignalling } from './testing/signalling-bench';

let sockets: FakeSocket[];
let events: ChannelEvent[];

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  events = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function signalling(answer: (join: Record<string, unknown>) => Record<string, unknown>): Signalling {
  const openSocket = () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    setTimeout(() => {
      socket.accept();
      socket.say(answer(socket.last('join') ?? {}));
    }, 0);
    return socket;
  };
  return makeSignalling({ sockets, events }, { token: 'key', openSocket });
}

const inUse = (join: Record<string, unknown>) => ({ cmd: 'error', id: join['id'], code: 101, reason: 'uid-in-use', message: '' });

describe('a seat that was resumed on another connection', () => {
  it('ends this one for good, and says where the call goes on', async () => {
    const made = signalling(joinedFrame);
    const joined = made.open();
    await vi.advanceTimersByTimeAsync(1);
    await joined;
    sockets[0]?.drop(4001);
    expect(made.state.value).toBe('closed');
    expect(made.seat).toBeUndefined();
    expect(events.at(-1)).toMatchObject({ kind: 'refused', error: { code: 4001 } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([1001, 1006, 1008])('is not meant by close code %i, after which it comes back', async (code) => {
    const made = signalling(joinedFrame);
    const joined = made.open();
    await vi.advanceTimersByTimeAsync(1);
    await joined;
    sockets[0]?.drop(code);
    expect(made.state.value).toBe('reconnecting');
  });
});

describe('a uid that stays in use', () => {
  it('is waited for as long as it may be our own ghost, and then refused', async () => {
    const made = signalling(inUse);
    const outcome = expect(made.open()).rejects.toMatchObject({ code: 101 });
    await vi.advanceTimersByTimeAsync(UID_IN_USE_MS_MAX - 1);
    expect(made.state.value).toBe('connecting');
    await vi.advanceTimersByTimeAsync(6000);
    await outcome;
    expect(made.state.value).toBe('closed');
    expect(events).toMatchObject([{ kind: 'refused', error: { code: 101 } }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets us in when the ghost goes in time', async () => {
    let ghost = true;
    const made = signalling((join) => (ghost ? inUse(join) : joinedFrame(join)));
    const joined = made.open();
    await vi.advanceTimersByTimeAsync(30_000);
    ghost = false;
    await vi.advanceTimersByTimeAsync(6000);
    await expect(joined).resolves.toMatchObject({ cmd: 'joined' });
    expect(made.state.value).toBe('open');
  });
});
