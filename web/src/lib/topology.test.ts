/** From member to member, through the server, and back: what the call does when the room says so. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call } from './call';
import { ChannelError } from './channel';
import type { SlotRequest } from './meeting-message';
import type { RosterEntry } from './message';
import { makeCall, member } from './testing/call-bench';
import { FakeChannel } from './testing/fake-channel';
import type { FakeConnection } from './testing/fake-connection';

let channel: FakeChannel;
let connections: FakeConnection[];
let call: Call;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('MediaStream', class {});
  channel = new FakeChannel();
  connections = [];
});
afterEach(() => {
  call.hangUp();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = (ms = 1) => vi.advanceTimersByTimeAsync(ms);

async function inRoom(roster: RosterEntry[], mode: 'p2p' | 'sfu' = 'p2p'): Promise<void> {
  call = makeCall({ channel, connections });
  const joined = call.join();
  channel.letIn(roster, { mode });
  await joined;
  await settle();
}

const toMedia = () => channel.messages('offer').filter(({ remoteUid }) => remoteUid === '@media');
const to = (uid: string) => channel.messages('offer').filter(({ remoteUid }) => remoteUid === uid);

/** The media server answers the last offer. */
async function mediaAnswers(): Promise<void> {
  const { sdp, offer } = JSON.parse(toMedia().at(-1)?.msg ?? '{}') as { sdp: string; offer: string };
  const answer = `${sdp.split('\r\n')[0]}\r\na=fingerprint:sha-256 media`;
  channel.say({ cmd: 'answer', uid: '@media', msg: JSON.stringify({ type: 'answer', sdp: answer, offer }) });
  await settle();
}

/** The other answers our direct offer. */
async function answers(uid: string): Promise<void> {
  const { sdp, offer } = JSON.parse(to(uid).at(-1)?.msg ?? '{}') as { sdp: string; offer: string };
  channel.say({ cmd: 'answer', uid, msg: JSON.stringify({ type: 'answer', sdp: `${sdp.split('\r\n')[0]}\r\na=fingerprint:sha-256 ${uid}`, offer }) });
  await settle();
}

const find = (uid: string) => {
  const found = call.participants.value.find((participant) => participant.uid === uid);
  if (!found) throw new Error(`${uid} is not here`);
  return found;
};
const session = () => {
  const found = call.topology.session.value;
  if (!found) throw new Error('no session');
  return found;
};
const watch = (uid: string) => session().want({ uid, source: 'camera', width: 640, height: 360, priority: 'normal', visible: true });
const slotOf = (uid: string): string =>
  channel
    .messages('subscribe')
    .flatMap(({ slots = [] }) => slots as SlotRequest[])
    .findLast((slot) => slot.remoteUid === uid)?.mid ?? '';

/** The media server sends somebody's picture. */
async function isShown(uid: string): Promise<void> {
  const mid = slotOf(uid);
  channel.say({ cmd: 'slots', slots: [{ mid, remoteUid: uid, source: 'camera', state: 'live', reason: undefined, layer: 'h', temporal: 0 }] });
  connections.find(({ decoded, connectionState, closed }) => decoded && connectionState === 'connected' && !closed && isMedia(decoded))?.decoded.set(mid, { framesDecoded: 1, keyFramesDecoded: 1 });
  await settle(200);
}

/** Pictures go on coming. */
async function goesOn(uid: string): Promise<void> {
  for (let frames = 2; frames < 12; frames++) {
    connections.at(mediaAt)?.decoded.set(slotOf(uid), { framesDecoded: frames, keyFramesDecoded: 1 });
    await settle(200);
  }
}
const isMedia = (decoded: unknown) => connections.at(mediaAt)?.decoded === decoded;
let mediaAt = 0;

/** Two talk directly, and the room turns to the server. */
async function turnedToServer(): Promise<FakeConnection> {
  await inRoom([]);
  channel.say({ cmd: 'new-peer', remoteUid: 'bo', name: 'bo', v: 2, state: member('bo').state });
  await settle();
  await answers('bo');
  connections[0]?.become('connected');
  channel.say({ cmd: 'mode', mode: 'sfu' });
  channel.say({ cmd: 'new-peer', remoteUid: 'cy', name: 'cy', v: 2, state: member('cy').state });
  await settle();
  mediaAt = 1;
  return connections[1] as FakeConnection;
}

describe('a third member comes', () => {
  it('we offer to the media server, and to nobody else', async () => {
    await turnedToServer();
    expect(toMedia()).toHaveLength(1);
    expect(to('cy')).toHaveLength(0);
    expect(connections).toHaveLength(2);
  });

  it('the direct picture stays until the server has one', async () => {
    const media = await turnedToServer();
    watch('bo');
    await mediaAnswers();
    media.become('connected');
    await settle(500);
    expect(find('bo').path.value).toBe('direct');
    expect(connections[0]?.closed).toBe(false);
    expect(call.connection.value).toBe('connected');
    await isShown('bo');
    expect(find('bo').path.value, 'a first picture is no stream').toBe('direct');
    await goesOn('bo');
    expect(find('bo').path.value).toBe('server');
    expect(find('bo').picture.value).toHaveLength(1);
    expect(channel.messages('hangup'), 'we say that we do not need the link').toMatchObject([{ remoteUid: 'bo' }]);
    expect(connections[0]?.closed, 'the other still may').toBe(false);
    channel.say({ cmd: 'hangup', uid: 'bo', msg: '' });
    await settle();
    expect(connections[0]?.closed).toBe(true);
  });

  it('the direct picture stays when the other one needs it no more and we do', async () => {
    await turnedToServer();
    watch('bo');
    channel.say({ cmd: 'hangup', uid: 'bo', msg: '' });
    await settle();
    expect(find('bo').path.value).toBe('direct');
    expect(connections[0]?.closed).toBe(false);
    expect(channel.messages('hangup')).toHaveLength(0);
  });

  it('a picture that comes before the server says so is shown, and stays while it waits for its next frames', async () => {
    const media = await turnedToServer();
    watch('bo');
    await mediaAnswers();
    media.become('connected');
    await settle(200);
    media.decoded.set(slotOf('bo'), { framesDecoded: 1, keyFramesDecoded: 1 });
    await settle(200);
    await goesOn('bo');
    expect(find('bo').path.value).toBe('server');
    channel.say({ cmd: 'hangup', uid: 'bo', msg: '' });
    await settle();
    const says = (state: 'waiting' | 'paused', reason?: 'bandwidth' | 'no-track') =>
      channel.say({ cmd: 'slots', slots: [{ mid: slotOf('bo'), remoteUid: 'bo', source: 'camera', state, reason, layer: undefined, temporal: undefined }] });
    says('waiting');
    expect(find('bo').picture.value).toHaveLength(1);
    says('paused', 'bandwidth');
    expect(find('bo').picture.value).toHaveLength(0);
    expect(find('bo').starved.value).toBe(true);
    says('waiting', 'no-track');
    expect(find('bo').picture.value).toHaveLength(0);
  });

  it('the direct way is given up after a while, picture or not', async () => {
    const media = await turnedToServer();
    await mediaAnswers();
    media.become('connected');
    await settle(10_001);
    expect(connections[0]?.closed).toBe(true);
    expect(find('bo').path.value).toBe('server');
  });

  it('an offer to talk directly that comes too late is passed over', async () => {
    await turnedToServer();
    channel.say({ cmd: 'offer', uid: 'cy', msg: JSON.stringify({ type: 'offer', sdp: 's={"kinds":["audio","video"],"ice":1}' }) });
    await settle();
    expect(connections).toHaveLength(2);
    expect(channel.messages('answer')).toHaveLength(0);
  });
});

describe('two remain', () => {
  async function twoRemain(senior: boolean): Promise<FakeConnection> {
    await inRoom(senior ? [member('bo'), member('cy')] : [member('cy')], 'sfu');
    mediaAt = 0;
    if (!senior) channel.say({ cmd: 'new-peer', remoteUid: 'bo', name: 'bo', v: 2, state: member('bo').state });
    await settle();
    watch('bo');
    await mediaAnswers();
    connections[0]?.become('connected');
    await settle(200);
    await isShown('bo');
    expect(find('bo').picture.value).toHaveLength(1);
    channel.say({ cmd: 'peer-leave', remoteUid: 'cy' });
    channel.say({ cmd: 'mode', mode: 'p2p' });
    await settle();
    return connections[0] as FakeConnection;
  }

  it('the older offers to the younger, and the server’s picture stays until the direct one is there', async () => {
    const media = await twoRemain(false);
    expect(to('bo')).toHaveLength(1);
    await answers('bo');
    connections[1]?.become('connected');
    await settle(500);
    expect(find('bo').path.value).toBe('server');
    expect(media.closed).toBe(false);
    connections[1]?.decoded.set('1', { framesDecoded: 15, keyFramesDecoded: 1 });
    await settle(200);
    expect(find('bo').path.value).toBe('direct');
    expect(media.closed, 'the other may still be shown by the server').toBe(false);
    await settle(2000);
    expect(media.closed).toBe(true);
    expect(call.topology.session.value).toBeUndefined();
  });

  it('the younger waits for the offer', async () => {
    await twoRemain(true);
    expect(to('bo')).toHaveLength(0);
    channel.say({ cmd: 'offer', uid: 'bo', msg: JSON.stringify({ type: 'offer', sdp: 's={"kinds":["audio","video"],"ice":1}' }) });
    await settle();
    expect(channel.messages('answer')).toMatchObject([{ remoteUid: 'bo' }]);
  });

  it('the server is given up after a while, picture or not', async () => {
    const media = await twoRemain(false);
    await settle(10_001);
    expect(media.closed).toBe(true);
  });

  it('and turn back when a third comes again before they are done', async () => {
    const media = await twoRemain(false);
    channel.say({ cmd: 'mode', mode: 'sfu' });
    await settle(20_000);
    expect(media.closed).toBe(false);
    expect(call.topology.session.value).toBeDefined();
    expect(connections[1]?.closed).toBe(true);
  });
});

describe('a room with the media server', () => {
  it('is entered with one connection', async () => {
    await inRoom([member('bo'), member('cy'), member('di')], 'sfu');
    expect(connections).toHaveLength(1);
    expect(toMedia()).toHaveLength(1);
    expect(call.connection.value).toBe('connecting');
  });

  it('keeps its connection and says its wishes again when signalling comes back', async () => {
    await inRoom([member('bo'), member('cy')], 'sfu');
    watch('bo');
    await mediaAnswers();
    connections[0]?.become('connected');
    await settle(500);
    const said = channel.messages('subscribe').length;
    channel.letIn([member('bo'), member('cy')], { again: true, resumed: true, mode: 'sfu' });
    await settle(500);
    expect(connections).toHaveLength(1);
    expect(channel.messages('subscribe').length).toBe(said + 1);
  });

  it('is entered with another connection when the server has forgotten us, which shows what it showed until then', async () => {
    await inRoom([member('bo'), member('cy')], 'sfu');
    mediaAt = 0;
    watch('bo');
    await mediaAnswers();
    connections[0]?.become('connected');
    await settle(200);
    await isShown('bo');
    channel.letIn([member('bo'), member('cy')], { again: true, resumed: false, mode: 'sfu' });
    await settle();
    expect(connections).toHaveLength(2);
    expect(connections[0]?.closed).toBe(false);
    expect(find('bo').picture.value).toHaveLength(1);
    await mediaAnswers();
    connections[1]?.become('connected');
    await settle();
    expect(connections[0]?.closed).toBe(true);
  });

  it('says a wish again that named somebody who had just left', async () => {
    await inRoom([member('bo'), member('cy')], 'sfu');
    await mediaAnswers();
    channel.refuseWith = new ChannelError(6, 'peer-not-found', '');
    watch('bo');
    await settle(100);
    expect(channel.messages('subscribe')).toHaveLength(0);
    channel.refuseWith = undefined;
    await settle(1000);
    expect(slotOf('bo')).not.toBe('');
  });

  it('is offered anew what was refused before the room turned away and back', async () => {
    await inRoom([member('bo')], 'sfu');
    await mediaAnswers();
    channel.refuseWith = new ChannelError(112, 'bad-offer', '');
    session().link.value?.grow('video', 9);
    await settle(5000);
    channel.refuseWith = undefined;
    await settle(5000);
    expect(toMedia()).toHaveLength(1);
    channel.say({ cmd: 'mode', mode: 'p2p' });
    channel.say({ cmd: 'mode', mode: 'sfu' });
    await settle();
    expect(toMedia()).toHaveLength(2);
    expect(connections.filter(({ closed }) => !closed)[0]).toBe(connections[0]);
  });

  it('tells who speaks and who has a weak line', async () => {
    await inRoom([member('bo'), member('cy')], 'sfu');
    await mediaAnswers();
    connections[0]?.become('connected');
    channel.say({ cmd: 'speakers', speakers: [{ remoteUid: 'cy', level: -20 }] });
    expect(find('cy').speaking.value).toBe(true);
    expect(call.speech.active.value).toBe('cy');
    channel.say({ cmd: 'speakers', speakers: [{ remoteUid: 'bo', level: -20 }] });
    expect(find('cy').speaking.value).toBe(false);
    expect(call.speech.active.value, 'a cough').toBe('cy');
    await settle(1300);
    expect(call.speech.active.value).toBe('bo');
    channel.say({ cmd: 'quality', members: [{ remoteUid: 'me', level: 4, reason: undefined }, { remoteUid: 'bo', level: 1, reason: 'loss' }] });
    expect(find('bo').network.value).toMatchObject({ level: 1, reason: 'loss' });
    expect(call.network.value?.level).toBe(4);
  });

  it('has the sound of a shared screen without anybody asking', async () => {
    await inRoom([member('bo'), member('cy')], 'sfu');
    await mediaAnswers();
    channel.say({ cmd: 'peer-state', remoteUid: 'bo', connection: 'online', state: { audio: true, video: true, screen: true } });
    channel.say({ cmd: 'tracks', remoteUid: 'bo', tracks: [{ source: 'screen', codec: 'VP8', layers: [] }, { source: 'screen-audio', codec: 'opus', layers: [] }] });
    await settle(500);
    expect(channel.messages('subscribe').flatMap(({ slots = [] }) => slots)).toMatchObject([{ remoteUid: 'bo', source: 'screen-audio' }]);
  });
});
