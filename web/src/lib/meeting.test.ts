/** Roles, hands, reactions, the door, and what hosts do to us. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Meeting, REACTION_SHOWN_MS, type Dismissal } from './meeting';
import { parseServerMessage, type Joined, type ServerMessage } from './message';
import { FakeChannel } from './testing/fake-channel';

let channel: FakeChannel;
let meeting: Meeting;
let silenced: string[];
let dismissed: Dismissal[];

beforeEach(() => {
  vi.useFakeTimers();
  channel = new FakeChannel();
  silenced = [];
  dismissed = [];
  meeting = new Meeting({ channel, silence: (source) => silenced.push(source), dismissed: (how) => dismissed.push(how) });
  enter(['subscribe']);
});
afterEach(() => {
  meeting.close();
  vi.useRealTimers();
});

function enter(grants: string[], role = 'member'): void {
  const joined = parseServerMessage(JSON.stringify({ cmd: 'joined', roomId: 'r', self: { uid: 'me', name: 'Me', role, grants }, roster: [], room: { locked: true, lobby: false } }));
  meeting.enter(joined as Joined);
}
const receive = (fields: object) => meeting.receive(parseServerMessage(JSON.stringify(fields)) as ServerMessage);

describe('a host', () => {
  it('is whom the server gave the right', () => {
    expect(meeting.mayModerate.value).toBe(false);
    enter(['moderate'], 'host');
    expect(meeting.mayModerate.value).toBe(true);
    expect(meeting.mayAdmit.value).toBe(true);
  });

  it('may be one for the door only', () => {
    enter(['admit']);
    expect(meeting.mayAdmit.value).toBe(true);
    expect(meeting.mayModerate.value).toBe(false);
  });

  it('becomes one during the call; what others become is not about us', () => {
    expect(receive({ cmd: 'role', remoteUid: 'bo', role: 'host' })).toBe(false);
    expect(receive({ cmd: 'role', remoteUid: 'me', role: 'host', grants: ['moderate', 'admit'] })).toBe(true);
    expect(meeting.role.value).toBe('host');
    expect(meeting.mayModerate.value).toBe(true);
  });

  it('asks the server, in its words', async () => {
    await meeting.mute('bo', 'microphone');
    await meeting.mute(undefined, 'microphone');
    await meeting.lowerHand('bo');
    await meeting.remove('bo', true);
    await meeting.lock(true);
    await meeting.lock(false);
    await meeting.setLobby(true);
    await meeting.setStream('open');
    await meeting.show({ uid: 'bo', source: 'screen' });
    await meeting.show();
    await meeting.unmute('bo', 'camera');
    await meeting.record(true);
    await meeting.consent(false);
    await meeting.admit('cy');
    await meeting.admit();
    await meeting.deny('cy');
    await meeting.setRole('bo', 'host');
    await meeting.endForAll();
    expect(channel.sent).toEqual([
      { cmd: 'moderate', action: 'mute', source: 'microphone', remoteUid: 'bo' },
      { cmd: 'moderate', action: 'mute', source: 'microphone' },
      { cmd: 'moderate', action: 'lower-hand', remoteUid: 'bo' },
      { cmd: 'moderate', action: 'remove', remoteUid: 'bo', ban: true },
      { cmd: 'moderate', action: 'lock' },
      { cmd: 'moderate', action: 'unlock' },
      { cmd: 'moderate', action: 'lobby', on: true },
      { cmd: 'moderate', action: 'stream', stream: 'open' },
      { cmd: 'moderate', action: 'show', remoteUid: 'bo', source: 'screen' },
      { cmd: 'moderate', action: 'show' },
      { cmd: 'moderate', action: 'unmute', remoteUid: 'bo', source: 'camera' },
      { cmd: 'record', on: true },
      { cmd: 'consent', on: false },
      { cmd: 'moderate', action: 'admit', remoteUid: 'cy' },
      { cmd: 'moderate', action: 'admit' },
      { cmd: 'moderate', action: 'deny', remoteUid: 'cy' },
      { cmd: 'moderate', action: 'role', remoteUid: 'bo', role: 'host' },
      { cmd: 'moderate', action: 'end' },
    ]);
  });
});

const TALKING = { audio: true, video: false, screen: false };

describe('the recording of a room', () => {
  it('is there as long as the server says so, with who has begun it', () => {
    receive({ cmd: 'room', locked: false, lobby: false, recording: { since: 7, uid: 'bo', name: 'Bo', consent: true, agreed: false } });
    expect(meeting.room.value.recording).toEqual({ since: 7, uid: 'bo', name: 'Bo', consent: true, agreed: false });
    receive({ cmd: 'room', locked: false, lobby: false });
    expect(meeting.room.value.recording).toBeUndefined();
  });

  it('is begun by who looks after the room, or has the grant for it', () => {
    enter(['chat']);
    expect(meeting.mayRecord.value).toBe(false);
    enter(['record']);
    expect(meeting.mayRecord.value).toBe(true);
    enter(['moderate']);
    expect(meeting.mayRecord.value).toBe(true);
  });
});

describe('the audience of a room', () => {
  it('is told to everybody, and is nobody where nothing is said of it', () => {
    receive({ cmd: 'room', locked: false, lobby: false, stream: 'open', viewers: 3 });
    expect(meeting.room.value).toMatchObject({ stream: 'open', viewers: 3 });
    receive({ cmd: 'room', locked: false, lobby: false, stream: 'open', viewers: 3, shown: { uid: 'bo', source: 'camera' } });
    expect(meeting.room.value.shown).toEqual({ uid: 'bo', source: 'camera' });
    receive({ cmd: 'room', locked: false, lobby: false, stream: 'open', viewers: 3, shown: { uid: 'bo', source: 'microphone' } });
    expect(meeting.room.value.shown).toBeUndefined();
    receive({ cmd: 'room', locked: false, lobby: false, stream: 'all', viewers: '3' });
    expect(meeting.room.value).toMatchObject({ stream: 'off', viewers: 0 });
  });
});

describe('what a host does to us', () => {
  it('switches the microphone off, and says who did', () => {
    receive({ cmd: 'moderated', action: 'mute', source: 'microphone', uid: 'bo', message: '' });
    expect(silenced).toEqual(['microphone']);
    expect(meeting.intervention.value).toEqual({ action: 'mute', source: 'microphone', uid: 'bo' });
  });

  it('cannot be undone where only a host may: the microphone goes off again', () => {
    meeting.holdToSilence(TALKING);
    expect(silenced, 'nobody muted us').toEqual([]);
    receive({ cmd: 'moderated', action: 'mute', source: 'microphone', uid: 'bo' });
    meeting.holdToSilence(TALKING);
    expect(silenced).toEqual(['microphone', 'microphone']);
    expect(meeting.intervention.value?.action).toBe('held');
    receive({ cmd: 'moderated', action: 'unmute', source: 'microphone', uid: 'bo' });
    meeting.holdToSilence(TALKING);
    expect(silenced).toHaveLength(2);
  });

  it('holds also when the page was loaded again and has not heard of it', () => {
    meeting = new Meeting({ channel, silence: (source) => silenced.push(source), dismissed: (how) => dismissed.push(how) });
    meeting.enter(channel.letIn([], { resumed: true }));
    meeting.holdToSilence(TALKING);
    expect(silenced).toEqual(['microphone']);
    expect(meeting.intervention.value).toMatchObject({ action: 'held', source: 'microphone' });
  });

  it('holds for everything that was muted, whichever came last, and ends for each alone', () => {
    receive({ cmd: 'moderated', action: 'mute', source: 'microphone', uid: 'bo' });
    receive({ cmd: 'moderated', action: 'mute', source: 'camera', uid: 'cy' });
    silenced.length = 0;
    meeting.holdToSilence(TALKING);
    expect(silenced).toEqual(['microphone', 'camera']);
    receive({ cmd: 'moderated', action: 'unmute', source: 'camera', uid: 'cy' });
    silenced.length = 0;
    meeting.holdToSilence(TALKING);
    expect(silenced).toEqual(['microphone']);
    expect(meeting.intervention.value).toEqual({ action: 'held', source: 'microphone', uid: 'bo' });
  });

  it('lowers the hand', () => {
    meeting.raiseHand(true);
    receive({ cmd: 'moderated', action: 'lower-hand', uid: 'bo' });
    expect(meeting.hand.value).toBe(false);
  });

  it('ends our stay', () => {
    receive({ cmd: 'moderated', action: 'remove', uid: 'bo' });
    receive({ cmd: 'moderated', action: 'end', uid: 'bo' });
    expect(dismissed).toEqual(['removed', 'ended']);
  });
});

describe('the door', () => {
  it('is as the server says, and who knocks is named', () => {
    expect(meeting.room.value.locked).toBe(true);
    receive({ cmd: 'room', locked: false, lobby: true, waiting: [{ uid: 'cy', name: 'Cy' }, { name: 'nobody' }] });
    expect(meeting.room.value).toEqual({ locked: false, lobby: true, recording: undefined, stream: 'off', viewers: 0, waiting: [{ uid: 'cy', name: 'Cy' }] });
  });
});

describe('a reaction', () => {
  it('passes', () => {
    receive({ cmd: 'react', uid: 'bo', reaction: 'heart' });
    meeting.react('laugh');
    expect(meeting.reactions.value.map(({ uid, reaction }) => [uid, reaction])).toEqual([
      ['bo', 'heart'],
      [undefined, 'laugh'],
    ]);
    expect(channel.sent).toEqual([{ cmd: 'react', reaction: 'laugh' }]);
    vi.advanceTimersByTime(REACTION_SHOWN_MS);
    expect(meeting.reactions.value).toEqual([]);
  });

  it('of our own that comes back is not shown twice, and one that nobody knows not at all', () => {
    receive({ cmd: 'react', uid: 'me', reaction: 'heart' });
    receive({ cmd: 'react', uid: 'bo', reaction: 'explode' });
    expect(meeting.reactions.value).toEqual([]);
  });

  it('of a crowd is bounded', () => {
    for (let count = 0; count < 51; count++) receive({ cmd: 'react', uid: `u${count}`, reaction: 'heart' });
    expect(meeting.reactions.value).toHaveLength(50);
    expect(meeting.reactions.value[0]?.uid).toBe('u1');
  });
});
