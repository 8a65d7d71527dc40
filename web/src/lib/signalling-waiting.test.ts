/** A host has to let us in: between the socket and the room lies any length of time. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ChannelEvent } from './channel';
import type { Signalling } from './signalling';
import { joinedFrame, type FakeSocket } from './testing/fake-socket';
import { makeSignalling } from './testing/signalling-bench';

let sockets: FakeSocket[];
let events: ChannelEvent[];
let signalling: Signalling;
let outcome: Promise<string>;

beforeEach(async () => {
  vi.useFakeTimers();
  sockets = [];
  events = [];
  signalling = makeSignalling({ sockets, events });
  outcome = signalling.open().then(
    () => 'joined',
    (error: Error) => error.message,
  );
  await knock();
});
afterEach(() => {
  signalling.close();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const socket = () => sockets.at(-1) as FakeSocket;
const join = () => socket().last('join') ?? {};

/** The server tells us to wait. */
async function knock(): Promise<void> {
  socket().accept();
  await settle();
  socket().say({ cmd: 'waiting', id: join()['id'], roomId: 'abc-defg-hij', uid: join()['uid'] });
  await settle();
}

it('waiting is told, and takes as long as it takes', async () => {
  expect(events).toEqual([{ kind: 'waiting' }]);
  expect(signalling.state.value).toBe('waiting');
  await vi.advanceTimersByTimeAsync(20_000);
  expect(sockets).toHaveLength(1);
});

it('admitted, one is in the room', async () => {
  socket().say({ ...joinedFrame(join()), id: undefined });
  expect(await outcome).toBe('joined');
  expect(signalling.state.value).toBe('open');
  expect(events.map(({ kind }) => kind)).toEqual(['waiting', 'joined']);
});

it('refused, one is told why, and does not knock again', async () => {
  socket().say({ cmd: 'error', code: 107, reason: 'denied', message: 'The host refused.' });
  expect(await outcome).toBe('The host refused.');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets).toHaveLength(1);
});

it('a connection that is lost meanwhile is made again, and one knocks again', async () => {
  socket().drop();
  await vi.advanceTimersByTimeAsync(5000);
  expect(sockets).toHaveLength(2);
  await knock();
  socket().say({ ...joinedFrame(join()), id: undefined });
  expect(await outcome).toBe('joined');
});

it('a connection that dies meanwhile is found out, and who is admitted on the next one is in the room', async () => {
  await vi.advanceTimersByTimeAsync(25_000);
  expect(socket().last('ping')).toBeDefined();
  await vi.advanceTimersByTimeAsync(3000 + 5000);
  expect(sockets).toHaveLength(2);
  await knock();
  socket().say({ ...joinedFrame(join()), id: undefined });
  expect(await outcome).toBe('joined');
});

it('who leaves the door says so', () => {
  signalling.close();
  expect(socket().last('leave')).toMatchObject({ roomId: 'abc-defg-hij' });
  expect(socket().closed).toBe(true);
});
