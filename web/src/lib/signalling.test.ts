import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChannelEvent } from './channel';
import { OUTBOX_MAX, type Signalling, type SignallingOptions } from './signalling';
import { joinedFrame, type FakeSocket } from './testing/fake-socket';
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

const signalling = (more?: Partial<SignallingOptions>) => makeSignalling({ sockets, events }, more);

const socket = (index = -1): FakeSocket => {
  const found = sockets.at(index);
  if (!found) throw new Error('no socket was opened');
  return found;
};

/** Lets promises run without letting time pass. */
const settle = () => vi.advanceTimersByTimeAsync(0);

async function letIn(at: FakeSocket, more: Record<string, unknown> = {}): Promise<void> {
  at.accept();
  await settle();
  at.say(joinedFrame(at.last('join') ?? {}, more));
  await settle();
}

async function inRoom(more: Partial<SignallingOptions> = {}): Promise<Signalling> {
  const made = signalling(more);
  const joined = made.open();
  await letIn(socket());
  await joined;
  return made;
}

describe('joining', () => {
  it('says who we are and what we send, in the second dialect', async () => {
    await inRoom({ token: 'key' });
    expect(socket().last('join')).toMatchObject({ v: 2, roomId: 'abc-defg-hij', name: 'Ana', token: 'key', state: { audio: true, video: false, screen: false } });
  });

  it('shows a random claim until it is let in, so that a lost answer costs no seat', async () => {
    const joined = signalling().open();
    socket().accept();
    await settle();
    const first = socket().last('join');
    expect(first?.['resume']).toMatch(/^[0-9a-z]{32}$/);
    socket().drop();
    await vi.advanceTimersByTimeAsync(300);
    await letIn(socket());
    await joined;
    expect(socket().last('join')).toMatchObject({ uid: first?.['uid'], resume: first?.['resume'] });
    socket().drop();
    await vi.advanceTimersByTimeAsync(300);
    socket().accept();
    await settle();
    expect(socket().last('join')?.['resume']).toBe('ticket-1');
  });

  it('draws another claim for another id, and for everybody', async () => {
    const claims = new Set<unknown>();
    for (let visitor = 0; visitor < 2; visitor++) {
      void signalling().open();
      socket().accept();
      await settle();
      claims.add(socket().last('join')?.['resume']);
      socket().say({ cmd: 'error', id: socket().last('join')?.['id'], code: 101, reason: 'uid-in-use', message: '' });
      await vi.advanceTimersByTimeAsync(300);
      socket().accept();
      await settle();
      claims.add(socket().last('join')?.['resume']);
    }
    expect(claims.size).toBe(4);
  });

  it('is refused with the code and the words of the server, and does not try again', async () => {
    const made = signalling();
    const joined = made.open();
    const outcome = expect(joined).rejects.toMatchObject({ code: 1, reason: 'room-full', message: 'Two people are here.' });
    socket().accept();
    await settle();
    socket().say({ cmd: 'error', id: socket().last('join')?.['id'], code: 1, reason: 'room-full', message: 'Two people are here.' });
    await outcome;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(1);
    expect(made.state.value).toBe('closed');
    expect(events).toMatchObject([{ kind: 'refused' }]);
  });

  it('tries again while the server cannot be reached', async () => {
    const made = signalling();
    const joined = made.open();
    socket().drop();
    expect(made.state.value).toBe('connecting');
    await vi.advanceTimersByTimeAsync(300);
    expect(sockets).toHaveLength(2);
    await letIn(socket());
    await expect(joined).resolves.toMatchObject({ roomId: 'abc-defg-hij' });
  });

  it('gives up a socket that never opens', async () => {
    void signalling().open();
    await vi.advanceTimersByTimeAsync(10_000 + 300);
    expect(sockets).toHaveLength(2);
    expect(socket(0).closed).toBe(true);
  });

  it('comes back under another id when its own is taken', async () => {
    void signalling().open();
    socket().accept();
    await settle();
    const first = socket().last('join');
    socket().say({ cmd: 'error', id: first?.['id'], code: 101, reason: 'uid-in-use', message: '' });
    await vi.advanceTimersByTimeAsync(300);
    socket().accept();
    await settle();
    expect(socket().last('join')?.['uid']).not.toBe(first?.['uid']);
  });

  it('waits when it is told that it came too often', async () => {
    const made = signalling();
    void made.open();
    socket().accept();
    await settle();
    socket().say({ cmd: 'error', id: socket().last('join')?.['id'], code: 103, reason: 'rate-limited', message: '' });
    await settle();
    expect(made.state.value).toBe('connecting');
    await vi.advanceTimersByTimeAsync(300);
    expect(sockets).toHaveLength(2);
  });
});

const COURSE_CLIENT = { uid: 'bo', v: 1 };

describe('a page that was reloaded', () => {
  it('is back in the seat it left', async () => {
    const made = signalling({ seat: { uid: 'old-me', resume: 'old-ticket' } });
    const joined = made.open();
    socket().accept();
    await settle();
    expect(socket().last('join')).toMatchObject({ uid: 'old-me', resume: 'old-ticket' });
    socket().say(joinedFrame(socket().last('join') ?? {}, { resumed: true, roster: [{ uid: 'bo', v: 2 }] }));
    await expect(joined).resolves.toMatchObject({ resumed: true });
    expect(socket().last('leave')).toBeUndefined();
    expect(events).toMatchObject([{ kind: 'joined', again: false }]);
    expect(made.seat).toEqual({ uid: 'old-me', resume: 'ticket-1' });
  });

  it('gives the seat back and joins as a newcomer where somebody speaks the course\'s dialect', async () => {
    const made = signalling({ seat: { uid: 'old-me', resume: 'old-ticket' } });
    const joined = made.open();
    socket().accept();
    await settle();
    expect(socket().last('join')).toMatchObject({ uid: 'old-me', resume: 'old-ticket' });
    socket().say(joinedFrame(socket().last('join') ?? {}, { resumed: true, roster: [COURSE_CLIENT] }));
    await settle();
    socket().say({ cmd: 'ok', id: socket().last('leave')?.['id'] });
    await settle();
    const second = socket().last('join');
    expect(second?.['resume']).not.toBe('old-ticket');
    socket().say(joinedFrame(second ?? {}));
    await expect(joined).resolves.toMatchObject({ resumed: false });
    expect(events.filter((event) => event.kind === 'joined')).toHaveLength(1);
  });

  it('is not shut out by its own seat when the last answer is lost', async () => {
    const joined = signalling({ seat: { uid: 'old-me', resume: 'old-ticket' } }).open();
    socket().accept();
    await settle();
    socket().say(joinedFrame(socket().last('join') ?? {}, { resumed: true, roster: [COURSE_CLIENT] }));
    await settle();
    socket().say({ cmd: 'ok', id: socket().last('leave')?.['id'] });
    await settle();
    const claim = socket().last('join')?.['resume'];
    socket().drop();
    await vi.advanceTimersByTimeAsync(300);
    await letIn(socket());
    await joined;
    expect(socket().last('join')).toMatchObject({ uid: 'old-me', resume: claim });
  });

  it('takes over the same seat again when the connection is lost before it is given back', async () => {
    void signalling({ seat: { uid: 'old-me', resume: 'old-ticket' } }).open();
    socket().accept();
    await settle();
    socket().drop();
    await vi.advanceTimersByTimeAsync(300);
    socket().accept();
    await settle();
    expect(socket().last('join')).toMatchObject({ uid: 'old-me', resume: 'old-ticket' });
  });

  it('just joins when the server has forgotten the seat', async () => {
    const joined = signalling({ seat: { uid: 'old-me', resume: 'old-ticket' } }).open();
    await letIn(socket(), { resumed: false });
    await joined;
    expect(socket().last('leave')).toBeUndefined();
  });
});

describe('a lost connection', () => {
  it('is resumed with the ticket of the last joined', async () => {
    const made = await inRoom();
    const uid = socket().last('join')?.['uid'];
    socket().drop();
    expect(made.state.value).toBe('reconnecting');
    await vi.advanceTimersByTimeAsync(300);
    await letIn(socket(), { resumed: true, resume: 'ticket-2' });
    expect(socket().last('join')).toMatchObject({ resume: 'ticket-1', uid });
    expect(made.state.value).toBe('open');
    expect(made.seat).toEqual({ uid, resume: 'ticket-2' });
    expect(events.at(-1)).toMatchObject({ kind: 'joined', again: true });
  });

  it('waits twice as long after each attempt, up to five seconds', async () => {
    await inRoom();
    for (const wait of [300, 600, 1200, 2400, 4800, 5000, 5000]) {
      const before = sockets.length;
      socket().drop();
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(sockets).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(sockets).toHaveLength(before + 1);
    }
  });

  it('keeps what is said meanwhile and sends it after the resume, in order', async () => {
    const made = await inRoom();
    socket().drop();
    made.send({ cmd: 'offer', remoteUid: 'bo', msg: '1' });
    made.send({ cmd: 'candidate', remoteUid: 'bo', msg: '2' });
    await vi.advanceTimersByTimeAsync(300);
    await letIn(socket(), { resumed: true });
    expect(socket().sent.filter((frame) => frame['remoteUid']).map((frame) => frame['msg'])).toEqual(['1', '2']);
  });

  it('drops what was said when the server has forgotten us: it was meant for a session that is gone', async () => {
    const made = await inRoom();
    socket().drop();
    made.send({ cmd: 'offer', remoteUid: 'bo', msg: '1' });
    await vi.advanceTimersByTimeAsync(300);
    await letIn(socket(), { resumed: false });
    expect(socket().last('offer')).toBeUndefined();
  });

  it.each([
    [OUTBOX_MAX, OUTBOX_MAX],
    [OUTBOX_MAX + 1, OUTBOX_MAX],
  ])('of %i messages said meanwhile %i are kept', async (said, kept) => {
    const made = await inRoom();
    socket().drop();
    for (let index = 0; index < said; index++) made.send({ cmd: 'candidate', remoteUid: 'bo', msg: String(index) });
    await vi.advanceTimersByTimeAsync(300);
    await letIn(socket(), { resumed: true });
    expect(socket().sent.filter((frame) => frame['cmd'] === 'candidate')).toHaveLength(kept);
  });

  it('fails the requests that were on their way', async () => {
    const made = await inRoom();
    const request = made.request({ cmd: 'chat', text: 'Hello' });
    const outcome = expect(request).rejects.toMatchObject({ code: 0, reason: 'connection-lost' });
    socket().drop();
    await outcome;
  });

  it('is not waited for when the network is back', async () => {
    const made = await inRoom();
    for (let attempt = 0; attempt < 5; attempt++) {
      socket().drop();
      await vi.advanceTimersByTimeAsync(5000);
    }
    const before = sockets.length;
    socket().drop();
    made.probe();
    expect(sockets).toHaveLength(before + 1);
  });
});

describe('a connection that is to be renewed', () => {
  it('is left for a fresh one, on which the seat is resumed', async () => {
    const made = await inRoom();
    made.renew();
    expect(socket().closed).toBe(true);
    expect(socket().last('leave')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(300);
    await letIn(socket(), { resumed: true });
    expect(socket().last('join')?.['resume']).toBe('ticket-1');
    expect(made.state.value).toBe('open');
  });
});

describe('a server that stops', () => {
  it('is left alone for as long as it asked', async () => {
    await inRoom();
    socket().say({ cmd: 'closing', reason: 'shutdown', retryAfterMs: 2000 });
    socket().drop();
    await vi.advanceTimersByTimeAsync(2299);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sockets).toHaveLength(2);
  });
});

describe('a dead connection', () => {
  it('is found out after a silence, and replaced', async () => {
    const made = await inRoom();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(socket().last('ping')).toBeDefined();
    await vi.advanceTimersByTimeAsync(3000);
    expect(made.state.value).toBe('reconnecting');
    expect(socket().closed).toBe(true);
  });

  it('is not suspected while the server answers', async () => {
    const made = await inRoom();
    for (let round = 0; round < 5; round++) {
      await vi.advanceTimersByTimeAsync(25_000);
      socket().say({ cmd: 'pong', id: socket().last('ping')?.['id'] });
      await settle();
    }
    await vi.advanceTimersByTimeAsync(3000);
    expect(made.state.value).toBe('open');
    expect(sockets).toHaveLength(1);
  });

  it('is found out at once when the network changed', async () => {
    const made = await inRoom();
    made.probe();
    await vi.advanceTimersByTimeAsync(3000);
    expect(made.state.value).toBe('reconnecting');
  });
});

describe('requests', () => {
  it('are answered by the reply with their id', async () => {
    const made = await inRoom();
    const first = made.request({ cmd: 'chat', text: '1' });
    const second = made.request({ cmd: 'chat', text: '2' });
    const [one, two] = socket().sent.filter((frame) => frame['cmd'] === 'chat');
    socket().say({ cmd: 'error', id: two?.['id'], code: 104, reason: 'too-large', message: 'Too long.' });
    socket().say({ cmd: 'ok', id: one?.['id'] });
    await expect(first).resolves.toBeUndefined();
    await expect(second).rejects.toMatchObject({ code: 104, message: 'Too long.' });
  });

  it('that nobody answers fail after ten seconds', async () => {
    const made = await inRoom();
    const outcome = expect(made.request({ cmd: 'chat', text: '1' })).rejects.toMatchObject({ code: 0, reason: 'timeout' });
    await vi.advanceTimersByTimeAsync(10_000);
    await outcome;
  });
});

describe('hanging up', () => {
  it('before the answer to the join gives up the seat that it may bring', async () => {
    const made = signalling();
    void made.open();
    socket().accept();
    await settle();
    made.close();
    expect(socket().sent.map((frame) => frame['cmd'])).toEqual(['join', 'leave']);
    expect(socket().closed).toBe(true);
  });

  it('for a page that may be loaded again, keeps the seat', async () => {
    const made = await inRoom();
    made.part();
    expect(socket().last('leave')).toMatchObject({ resume: true });
    expect(made.state.value).toBe('closed');
  });

  it('while the connection is lost, for a page that may be loaded again, says nothing', async () => {
    const made = await inRoom();
    const before = socket();
    before.drop();
    made.part();
    expect(before.last('leave')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(1);
  });

  it('while a host is asked, does not come back by itself', async () => {
    const made = signalling();
    void made.open();
    socket().accept();
    await settle();
    made.part();
    expect(socket().last('leave')?.['resume']).toBeUndefined();
  });

  it('before the socket is open says nothing', () => {
    const made = signalling();
    void made.open();
    made.close();
    expect(socket().sent).toEqual([]);
    expect(socket().closed).toBe(true);
  });

  it('says so, closes, and stays closed', async () => {
    const made = await inRoom();
    made.close();
    expect(socket().last('leave')).toMatchObject({ roomId: 'abc-defg-hij' });
    expect(socket().closed).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sockets).toHaveLength(1);
    expect(made.state.value).toBe('closed');
  });
});

describe('strange frames', () => {
  it.each(['', 'x', '[]', 'null', '{"cmd":"unheard-of"}', '{"cmd":"new-peer"}', '{"cmd":"joined"}'])('%s harms nothing', async (frame) => {
    const made = await inRoom();
    const before = events.length;
    socket().say(frame);
    expect(events).toHaveLength(before);
    expect(made.state.value).toBe('open');
  });
});
