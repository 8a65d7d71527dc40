import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call } from './call';
import { ChannelError } from './channel';
import type { IceGrant } from './ice-servers';
import type { RosterEntry } from './message';
import { makeCall, member } from './testing/call-bench';
import { FakeChannel } from './testing/fake-channel';
import type { FakeConnection } from './testing/fake-connection';

let channel: FakeChannel;
let connections: FakeConnection[];
let fetchIceServers: () => Promise<IceGrant>;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('MediaStream', class {});
  channel = new FakeChannel();
  connections = [];
  fetchIceServers = async () => ({ servers: [], lifetimeMs: Infinity });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTimeAsync(1);
const bo = member('bo', 'Bo');
const OFFER = JSON.stringify({ type: 'offer', sdp: 's={"kinds":["audio","video"],"ice":1}' });

async function inRoom(roster: RosterEntry[] = [], iceServers: RTCIceServer[] = [], resumed = false): Promise<Call> {
  const call = makeCall({ channel, connections, fetchIceServers: () => fetchIceServers() });
  const joined = call.join();
  channel.letIn(roster, { iceServers, resumed });
  await joined;
  await settle();
  return call;
}

const newcomer = () => channel.say({ cmd: 'new-peer', remoteUid: 'bo', name: 'Bo', v: 2, state: bo.state });
const offer = () => channel.say({ cmd: 'offer', uid: 'bo', msg: OFFER });

describe('who offers', () => {
  it('nobody, while one is alone', async () => {
    const call = await inRoom();
    expect(connections).toHaveLength(0);
    expect(call.connection.value).toBe('alone');
  });

  it('the older member, to the newcomer', async () => {
    const call = await inRoom();
    newcomer();
    await settle();
    expect(channel.messages('offer')).toMatchObject([{ remoteUid: 'bo' }]);
    expect(call.connection.value).toBe('connecting');
  });

  it('not the joiner: it waits for the offer of the older member and answers', async () => {
    await inRoom([bo]);
    expect(connections).toHaveLength(0);
    offer();
    await settle();
    expect(channel.messages('offer')).toHaveLength(0);
    expect(channel.messages('answer')).toMatchObject([{ remoteUid: 'bo' }]);
  });

  it('whoever comes back after a reload: nobody else hears of a newcomer', async () => {
    await inRoom([bo], [], true);
    expect(channel.messages('offer')).toMatchObject([{ remoteUid: 'bo' }]);
  });

  it('nobody, to a stranger: an offer of somebody who is not in the room is passed over', async () => {
    await inRoom();
    offer();
    await settle();
    expect(connections).toHaveLength(0);
  });
});

describe('the others', () => {
  it('are shown with what they say of themselves', async () => {
    const call = await inRoom([{ ...bo, state: { audio: false, video: true, screen: false } }]);
    const [participant] = call.participants.value;
    expect(participant?.name.value).toBe('Bo');
    expect(participant?.audioOn.value).toBe(false);
    channel.say({ cmd: 'peer-state', remoteUid: 'bo', connection: 'reconnecting', state: { audio: true, video: true, screen: false } });
    expect(participant?.audioOn.value).toBe(true);
    expect(call.connection.value).toBe('reconnecting');
  });

  it('of dialect A say nothing, and are taken to be heard', async () => {
    const call = await inRoom([{ ...bo, v: 1, state: undefined }]);
    expect(call.participants.value[0]?.audioOn.value).toBe(true);
  });

  it('are gone, with their connection, when they leave', async () => {
    const call = await inRoom();
    newcomer();
    channel.say({ cmd: 'peer-leave', remoteUid: 'bo' });
    expect(call.participants.value).toHaveLength(0);
    expect(connections[0]?.closed).toBe(true);
    expect(call.connection.value).toBe('alone');
  });

  it('may hang up and call again without leaving', async () => {
    const call = await inRoom([bo]);
    offer();
    await settle();
    channel.say({ cmd: 'hangup', uid: 'bo', msg: '' });
    expect(connections[0]?.closed).toBe(true);
    expect(call.participants.value).toHaveLength(1);
    offer();
    await settle();
    expect(connections).toHaveLength(2);
    expect(channel.messages('answer')).toHaveLength(2);
  });

  it('may offer what the present connection cannot take: a new one takes it', async () => {
    await inRoom([bo]);
    offer();
    await settle();
    const [first] = connections;
    if (first) first.setRemoteDescription = () => Promise.reject(new Error('m-lines do not match'));
    offer();
    await settle();
    expect(connections).toHaveLength(2);
    expect(first?.closed).toBe(true);
    expect(channel.messages('answer')).toHaveLength(2);
  });
});

describe('the server comes back', () => {
  it('and knows us: connections that work are left alone', async () => {
    const call = await inRoom([bo]);
    offer();
    await settle();
    connections[0]?.become('connected');
    channel.state.value = 'reconnecting';
    expect(call.connection.value).toBe('reconnecting');
    channel.letIn([bo], { again: true, resumed: true });
    await settle();
    expect(connections).toHaveLength(1);
    expect(connections[0]?.restarts).toBe(0);
    expect(call.connection.value).toBe('connected');
  });

  it('and knows us: connections that broke are restarted', async () => {
    await inRoom();
    newcomer();
    await settle();
    channel.say({ cmd: 'answer', uid: 'bo', msg: OFFER.replace('"offer"', '"answer"') });
    await settle();
    connections[0]?.become('failed');
    await settle();
    const before = channel.messages('offer').length;
    channel.letIn([bo], { again: true, resumed: true });
    await settle();
    // The offer of the restart may be lost with the connection to the server: it is said again.
    expect(channel.messages('offer').length).toBeGreaterThan(before);
  });

  it('and knows us, but somebody left meanwhile', async () => {
    const call = await inRoom([bo]);
    offer();
    await settle();
    channel.letIn([], { again: true, resumed: true });
    expect(call.participants.value).toHaveLength(0);
    expect(connections[0]?.closed).toBe(true);
  });

  it.each([1, 2])('and somebody of dialect %i came meanwhile, of whom we were not told: the offer is ours, and once', async (v) => {
    await inRoom();
    channel.letIn([{ ...bo, v }], { again: true, resumed: true });
    await settle();
    expect(channel.messages('offer')).toMatchObject([{ remoteUid: 'bo' }]);
    // The server had kept it for us.
    newcomer();
    await settle();
    expect(connections).toHaveLength(1);
  });

  it('and somebody came, left and came again: the offer is for the last visit', async () => {
    await inRoom();
    channel.letIn([bo], { again: true, resumed: true });
    newcomer();
    channel.say({ cmd: 'peer-leave', remoteUid: 'bo' });
    newcomer();
    await settle();
    expect(connections.map((connection) => connection.closed)).toEqual([true, false]);
  });

  it('but the offer of the older member was lost: we make one', async () => {
    await inRoom([bo]);
    channel.letIn([bo], { again: true, resumed: true });
    await settle();
    expect(channel.messages('offer')).toMatchObject([{ remoteUid: 'bo' }]);
  });

  it('but the offer of the older member was lost: one of dialect A, which takes no offer of ours meanwhile, is waited for', async () => {
    await inRoom([{ ...bo, v: 1 }]);
    channel.letIn([{ ...bo, v: 1 }], { again: true, resumed: true });
    await settle();
    expect(connections).toHaveLength(0);
  });

  it('and the offer of the older member, kept for us, comes after ours: we give way and answer', async () => {
    await inRoom([bo]);
    channel.letIn([bo], { again: true, resumed: true });
    channel.say({ cmd: 'offer', uid: 'bo', msg: OFFER });
    await settle();
    expect(channel.messages('answer')).toMatchObject([{ remoteUid: 'bo' }]);
    expect(connections.filter((connection) => !connection.closed)).toHaveLength(1);
  });

  it('and has forgotten everybody: the picture stays until the new connection stands', async () => {
    const call = await inRoom([bo]);
    offer();
    await settle();
    connections[0]?.become('connected');
    channel.letIn([], { again: true });
    const [participant] = call.participants.value;
    expect(call.connection.value).toBe('reconnecting');
    expect(participant?.shown.value?.state.value).toBe('connected');
    newcomer();
    await settle();
    expect(call.participants.value).toEqual([participant]);
    expect(connections).toHaveLength(2);
    expect(connections[0]?.closed).toBe(false);
    connections[1]?.become('connected');
    await settle();
    expect(connections[0]?.closed).toBe(true);
    expect(call.connection.value).toBe('connected');
  });

  it('and has forgotten everybody: the old connection says nothing to the new room', async () => {
    await inRoom([bo]);
    offer();
    await settle();
    connections[0]?.become('connected');
    channel.letIn([bo], { again: true });
    const before = channel.sent.length;
    connections[0]?.become('failed');
    await vi.advanceTimersByTimeAsync(5000);
    expect(channel.sent.slice(before).filter((message) => message.remoteUid)).toHaveLength(0);
  });

  it('and has forgotten everybody: whoever does not come back is gone after fifteen seconds', async () => {
    const call = await inRoom([bo]);
    channel.letIn([], { again: true });
    await vi.advanceTimersByTimeAsync(14_999);
    expect(call.participants.value).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(call.participants.value).toHaveLength(0);
  });
});

describe('a member who is back with a new connection', () => {
  const from = (certificate: string, type: 'offer' | 'answer' = 'offer') => JSON.stringify({ type, sdp: `s={"kinds":["audio","video"],"ice":1}\r\na=fingerprint:sha-256 ${certificate}` });

  it('and offers: gets a new one from us, and the picture stays until it stands', async () => {
    const call = await inRoom([bo]);
    channel.say({ cmd: 'offer', uid: 'bo', msg: from('AA') });
    await settle();
    connections[0]?.become('connected');
    channel.say({ cmd: 'offer', uid: 'bo', msg: from('BB') });
    channel.say({ cmd: 'candidate', uid: 'bo', msg: '{"label":0,"id":"0","candidate":"candidate:1"}' });
    await settle();
    expect(connections).toHaveLength(2);
    expect(channel.messages('answer')).toHaveLength(2);
    expect(connections[0]?.closed).toBe(false);
    expect(call.participants.value[0]?.shown.value?.connection).toBe(connections[0]);
    // What follows the description goes where the description went.
    expect(connections.map((connection) => connection.candidates.length)).toEqual([0, 1]);
    connections[1]?.become('connected');
    await settle();
    expect(connections[0]?.closed).toBe(true);
    expect(call.participants.value[0]?.shown.value?.connection).toBe(connections[1]);
  });

  it('and offers from the old one: is answered by ours, as before', async () => {
    await inRoom([bo]);
    for (let time = 0; time < 2; time++) {
      channel.say({ cmd: 'offer', uid: 'bo', msg: from('AA') });
      await settle();
    }
    expect(connections).toHaveLength(1);
    expect(channel.messages('answer')).toHaveLength(2);
  });

  it('and answers our restart: is offered to from a new one', async () => {
    const call = await inRoom();
    newcomer();
    await settle();
    const answer = (certificate: string) => channel.say({ cmd: 'answer', uid: 'bo', msg: from(certificate, 'answer') });
    answer('AA');
    await settle();
    connections[0]?.become('connected');
    call.networkChanged();
    await settle();
    answer('BB');
    await settle();
    expect(connections).toHaveLength(2);
    expect(channel.messages('offer')).toHaveLength(3);
    answer('BB');
    await settle();
    expect(connections[1]?.signalingState).toBe('stable');
  });

  it('and is gone while the description is looked at: nothing is made for them', async () => {
    await inRoom([bo]);
    channel.say({ cmd: 'offer', uid: 'bo', msg: from('AA') });
    await settle();
    channel.say({ cmd: 'offer', uid: 'bo', msg: from('BB') });
    channel.say({ cmd: 'peer-leave', remoteUid: 'bo' });
    await settle();
    expect(connections.map((connection) => connection.closed)).toEqual([true]);
  });
});

describe('a call that is longer than its credentials are good', () => {
  const HOUR = 3_600_000;
  const turn = (expiryMs: number): RTCIceServer[] => [{ urls: ['turn:192.0.2.1'], username: `${Math.floor(expiryMs / 1000)}:k3`, credential: 'c' }];

  async function relayed(): Promise<void> {
    const call = await inRoom([], turn(Date.now() + 12 * HOUR));
    // Hours of measuring five times a second are not what this is about.
    call.pulse.stop();
    newcomer();
    await settle();
    channel.say({ cmd: 'answer', uid: 'bo', msg: OFFER.replace('"offer"', '"answer"') });
    await settle();
    connections[0]?.become('connected');
    if (connections[0]) connections[0].relayed = true;
  }

  it('gets fresh ones after nine tenths of their time, as often as needed', async () => {
    await relayed();
    const fresh = turn(Date.now() + 24 * HOUR);
    const asked = vi.fn(async () => ({ servers: fresh, lifetimeMs: 12 * HOUR }));
    fetchIceServers = asked;
    await vi.advanceTimersByTimeAsync(10.8 * HOUR - 5000);
    expect(asked).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(5100);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(connections[0]?.configurations.at(-1)?.iceServers).toEqual(fresh);
    expect(connections[0]?.restarts).toBe(1);
    expect(channel.messages('offer')).toHaveLength(2);
    channel.say({ cmd: 'answer', uid: 'bo', msg: OFFER.replace('"offer"', '"answer"') });
    await vi.advanceTimersByTimeAsync(10.8 * HOUR + 1000);
    expect(asked).toHaveBeenCalledTimes(2);
    expect(connections[0]?.restarts).toBe(2);
  });

  it('gets them from its seat when the server wants a token that has expired', async () => {
    await relayed();
    fetchIceServers = () => Promise.reject(new Error('unauthorised'));
    await vi.advanceTimersByTimeAsync(10.8 * HOUR + 100);
    expect(channel.renewals).toBe(1);
    expect(connections[0]?.restarts).toBe(0);
    const fresh = turn(Date.now() + 12 * HOUR);
    channel.letIn([bo], { again: true, resumed: true, iceServers: fresh });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(channel.renewals).toBe(1);
    expect(connections[0]?.configurations.at(-1)?.iceServers).toEqual(fresh);
    expect(connections[0]?.restarts).toBe(1);
  });
});

describe('a change of network', () => {
  it('tests the server connection and looks for new paths at once', async () => {
    const call = await inRoom();
    newcomer();
    await settle();
    connections[0]?.become('connected');
    call.networkChanged();
    await settle();
    expect(channel.probes).toBe(1);
    expect(connections[0]?.restarts).toBe(1);
  });
});

describe('a path that breaks', () => {
  it('has the server connection tested too, which would notice much later', async () => {
    await inRoom();
    newcomer();
    await settle();
    connections[0]?.become('connected');
    connections[0]?.become('disconnected');
    expect(channel.probes).toBe(1);
  });
});

describe('the chat', () => {
  it('shows what could not be sent, and sends it again when asked', async () => {
    const call = await inRoom([bo]);
    channel.refuseWith = new ChannelError(0, 'connection-lost', '');
    await call.say('Hello');
    const message = call.chat.messages.value[0];
    expect(message?.delivery).toBe('failed');
    channel.refuseWith = undefined;
    await call.sayAgain(message?.key ?? 0);
    expect(call.chat.messages.value[0]?.delivery).toBe('sent');
    expect(channel.messages('chat')).toMatchObject([{ text: 'Hello' }]);
  });
});

describe('what one may do', () => {
  it.each([
    [undefined, true, true],
    [['chat', 'pub.screen'], true, true],
    [['subscribe', 'pub.audio'], false, false],
  ])('with the grants %j: chat %s, screen %s', async (grants, chat, screen) => {
    const call = await inRoom();
    channel.letIn([], { again: true, resumed: true, ...(grants && { grants }) });
    expect([call.mayChat.value, call.mayShare.value]).toEqual([chat, screen]);
  });

  it.each([
    [undefined, true, true],
    [['subscribe', 'pub.audio'], true, false],
    [['subscribe', 'pub.video'], false, true],
    [['subscribe'], false, false],
  ])('with the grants %j: microphone %s, camera %s', async (grants, audio, video) => {
    const call = await inRoom();
    channel.letIn([], { again: true, resumed: true, ...(grants && { grants }) });
    expect(call.media.allowed.value).toEqual({ audio, video });
  });
});

describe('the end', () => {
  it('of a refused join is the reason', async () => {
    const call = makeCall({ channel, connections });
    const joined = call.join();
    channel.refuse(new ChannelError(1, 'room-full', 'full'));
    await joined;
    expect(call.phase.value).toBe('refused');
    expect(call.refusal.value?.code).toBe(1);
  });

  it('of a call closes everything', async () => {
    const call = await inRoom();
    newcomer();
    await settle();
    call.hangUp();
    expect(call.phase.value).toBe('left');
    expect(channel.state.value).toBe('closed');
    expect(connections[0]?.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
