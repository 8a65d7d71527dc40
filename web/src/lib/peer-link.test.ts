import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EARLY_CANDIDATES_MAX, PeerLink, type OutgoingMedia } from './peer-link';
import { FakeConnection, fakeTrack } from './testing/fake-connection';

type Message = { cmd: 'offer' | 'answer' | 'candidate'; msg: string };

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('MediaStream', class {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

class Side {
  readonly connection = new FakeConnection();
  readonly said: Message[] = [];
  readonly link: PeerLink;

  constructor(offerer: boolean, dialect = 2) {
    this.link = new PeerLink({
      offerer,
      dialect,
      configuration: {},
      wishes: {},
      createConnection: () => this.connection as unknown as RTCPeerConnection,
      send: (cmd, msg) => this.said.push({ cmd, msg }),
      freshConfiguration: async () => ({ iceServers: [] }),
    });
  }

  messages(cmd: string): Message[] {
    return this.said.filter((message) => message.cmd === cmd);
  }
}

const settle = () => vi.advanceTimersByTimeAsync(1);

async function hand(from: Side, to: Side): Promise<void> {
  for (const { cmd, msg } of from.said.splice(0)) {
    if (cmd === 'candidate') await to.link.candidate(msg);
    else await to.link.description(msg);
  }
  await settle();
}

/** Carries messages both ways until nobody has anything to say. */
async function negotiate(one: Side, other: Side): Promise<void> {
  await settle();
  for (let round = 0; round < 20 && one.said.length + other.said.length > 0; round++) {
    await hand(one, other);
    await hand(other, one);
  }
  expect(one.said.length + other.said.length, 'negotiation never ends').toBe(0);
}

async function pair(dialect = 2): Promise<{ older: Side; joiner: Side }> {
  const older = new Side(true, dialect);
  const joiner = new Side(false, dialect);
  await negotiate(older, joiner);
  return { older, joiner };
}

const media = (more: Partial<OutgoingMedia> = {}): OutgoingMedia => ({ audio: null, video: null, screen: null, ...more });
const track = (kind: 'audio' | 'video') => fakeTrack(kind) as unknown as MediaStreamTrack;
const screenOf = (...tracks: MediaStreamTrack[]) =>
  ({ getTracks: () => tracks, getVideoTracks: () => tracks.filter((one) => one.kind === 'video') }) as unknown as MediaStream;
const candidate = (n: number) => JSON.stringify({ label: 0, id: '0', candidate: `candidate:${n}` });

describe('the first negotiation', () => {
  it('is an offer of the older member and an answer of the joiner', async () => {
    const older = new Side(true);
    const joiner = new Side(false);
    await settle();
    expect(joiner.said).toHaveLength(0);
    expect(older.messages('offer')).toHaveLength(1);
    await hand(older, joiner);
    expect(joiner.messages('answer')).toHaveLength(1);
    await hand(joiner, older);
    expect(older.connection.signalingState).toBe('stable');
    expect(joiner.connection.signalingState).toBe('stable');
  });

  it('opens both ways, so that a camera that comes later needs no negotiation', async () => {
    const { older, joiner } = await pair();
    for (const side of [older, joiner]) expect(side.connection.getTransceivers().map((one) => one.direction)).toEqual(['sendrecv', 'sendrecv']);
    const camera = track('video');
    await joiner.link.setMedia(media({ video: camera }));
    await settle();
    expect(joiner.connection.getTransceivers()[1]?.sender.track).toBe(camera);
    expect(joiner.said).toHaveLength(0);
  });

  it('sends what was set before the offer came', async () => {
    const older = new Side(true);
    const joiner = new Side(false);
    const microphone = track('audio');
    await joiner.link.setMedia(media({ audio: microphone }));
    await negotiate(older, joiner);
    expect(joiner.connection.getTransceivers()[0]?.sender.track).toBe(microphone);
  });
});

describe('candidates', () => {
  it('that come before the description wait for it, in order', async () => {
    const older = new Side(true);
    const joiner = new Side(false);
    await joiner.link.candidate(candidate(1));
    await joiner.link.candidate(candidate(2));
    await negotiate(older, joiner);
    expect(joiner.connection.candidates.map((one) => one.candidate)).toEqual(['candidate:1', 'candidate:2']);
  });

  it.each([
    [EARLY_CANDIDATES_MAX, EARLY_CANDIDATES_MAX],
    [EARLY_CANDIDATES_MAX + 1, EARLY_CANDIDATES_MAX],
  ])('%i early ones: %i are kept', async (sent, kept) => {
    const older = new Side(true);
    const joiner = new Side(false);
    for (let n = 0; n < sent; n++) await joiner.link.candidate(candidate(n));
    await negotiate(older, joiner);
    expect(joiner.connection.candidates).toHaveLength(kept);
  });

  it.each(['', 'x', '{}', '{"candidate":""}', 'null'])('like %j are passed over', async (msg) => {
    const { joiner } = await pair();
    await joiner.link.candidate(msg);
    expect(joiner.connection.candidates).toHaveLength(0);
  });
});

describe('glare', () => {
  it('when both share their screen at once, both screens arrive', async () => {
    const { older, joiner } = await pair();
    await Promise.all([older.link.setMedia(media({ screen: screenOf(track('video')) })), joiner.link.setMedia(media({ screen: screenOf(track('video')) }))]);
    await settle();
    expect(older.messages('offer')).toHaveLength(1);
    expect(joiner.messages('offer')).toHaveLength(1);
    await negotiate(older, joiner);
    expect(older.link.screen.value).toHaveLength(1);
    expect(joiner.link.screen.value).toHaveLength(1);
  });

  it('is won by the older member: it passes over the offer of the joiner', async () => {
    const { older, joiner } = await pair();
    void older.link.restart();
    void joiner.link.restart();
    await settle();
    const [offer] = joiner.said.splice(0);
    await older.link.description(offer?.msg ?? '');
    expect(older.connection.signalingState).toBe('have-local-offer');
    expect(older.messages('answer')).toHaveLength(0);
    await negotiate(older, joiner);
    expect(older.connection.signalingState).toBe('stable');
    expect(joiner.connection.signalingState).toBe('stable');
  });

  it('an answer that nobody waits for changes nothing', async () => {
    const { older } = await pair();
    await older.link.description(JSON.stringify({ type: 'answer', sdp: 's={"kinds":[],"ice":9}' }));
    expect(older.connection.signalingState).toBe('stable');
  });
});

describe('a screen', () => {
  it('is a stream of its own between clients of our dialect, and its line is used again', async () => {
    const { older, joiner } = await pair();
    await older.link.setMedia(media({ screen: screenOf(track('video'), track('audio')) }));
    await negotiate(older, joiner);
    expect(joiner.link.screen.value.map((one) => one.kind)).toEqual(['video', 'audio']);
    expect(joiner.link.media.value).toHaveLength(2);
    await older.link.setMedia(media());
    await older.link.setMedia(media({ screen: screenOf(track('video')) }));
    expect(older.connection.getTransceivers()).toHaveLength(4);
  });

  it('replaces the camera for a client of dialect A, and asks it for nothing', async () => {
    const { older } = await pair(1);
    const camera = track('video');
    const screen = track('video');
    await older.link.setMedia(media({ video: camera, screen: screenOf(screen) }));
    await settle();
    expect(older.connection.getTransceivers()[1]?.sender.track).toBe(screen);
    expect(older.said).toHaveLength(0);
    await older.link.setMedia(media({ video: camera }));
    expect(older.connection.getTransceivers()[1]?.sender.track).toBe(camera);
  });
});

describe('a broken path', () => {
  it('that heals within two seconds is left alone', async () => {
    const { older } = await pair();
    older.connection.become('connected');
    older.connection.become('disconnected');
    expect(older.link.state.value).toBe('reconnecting');
    await vi.advanceTimersByTimeAsync(1999);
    older.connection.become('connected');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(older.connection.restarts).toBe(0);
    expect(older.link.state.value).toBe('connected');
  });

  it('is repaired by the older member first, with fresh servers', async () => {
    const { older, joiner } = await pair();
    for (const side of [older, joiner]) {
      side.connection.become('connected');
      side.connection.become('disconnected');
    }
    await vi.advanceTimersByTimeAsync(2001);
    expect(older.connection.restarts).toBe(1);
    expect(older.connection.configurations).toHaveLength(1);
    expect(older.messages('offer')).toHaveLength(1);
    expect(joiner.connection.restarts).toBe(0);
    await vi.advanceTimersByTimeAsync(1500);
    expect(joiner.connection.restarts).toBe(1);
  });

  it('is tried again as long as it lasts, and is called failed after twenty seconds', async () => {
    const { older } = await pair();
    older.connection.become('connected');
    older.connection.become('failed');
    await vi.advanceTimersByTimeAsync(19_999);
    expect(older.link.state.value).toBe('reconnecting');
    expect(older.connection.restarts).toBe(4);
    await vi.advanceTimersByTimeAsync(1);
    expect(older.link.state.value).toBe('failed');
    await vi.advanceTimersByTimeAsync(6000);
    expect(older.connection.restarts).toBe(5);
    older.connection.become('connected');
    expect(older.link.state.value).toBe('connected');
  });

  it('is given time while the restart is at work', async () => {
    const { older } = await pair();
    older.connection.become('connected');
    older.connection.become('failed');
    await settle();
    older.connection.become('connecting');
    await vi.advanceTimersByTimeAsync(14_998);
    expect(older.connection.restarts).toBe(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(older.connection.restarts).toBe(2);
  });

  it('never built is called failed after twenty seconds', async () => {
    const { older } = await pair();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(older.link.state.value).toBe('failed');
  });
});

describe('when signalling is back', () => {
  it('an offer whose answer may be lost is said again', async () => {
    const older = new Side(true);
    await settle();
    const [first] = older.said.splice(0);
    await older.link.recover();
    expect(older.messages('offer')[0]?.msg).toBe(first?.msg);
  });

  it('a path that works is left alone', async () => {
    const { older } = await pair();
    older.connection.become('connected');
    await older.link.recover();
    expect(older.connection.restarts).toBe(0);
  });

  it('a path that does not is restarted', async () => {
    const { older } = await pair();
    older.connection.become('disconnected');
    await older.link.recover();
    expect(older.connection.restarts).toBe(1);
  });
});

describe('a closed link', () => {
  it('does nothing any more', async () => {
    const { older } = await pair();
    older.connection.become('failed');
    older.link.close();
    await vi.advanceTimersByTimeAsync(60_000);
    await older.link.description('{"type":"offer","sdp":"s={}"}');
    expect(older.said).toHaveLength(0);
    expect(older.connection.closed).toBe(true);
    expect(older.link.state.value).toBe('closed');
  });
});
