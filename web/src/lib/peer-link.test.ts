import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AnotherSession, EARLY_CANDIDATES_MAX, PeerLink, type IceLease, type OutgoingMedia } from './peer-link';
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
  troubles = 0;
  lease: IceLease = { configuration: { iceServers: [] }, renewInMs: Infinity };

  constructor(offerer: boolean, dialect = 2, { older = offerer, renewInMs = Infinity } = {}) {
    this.link = new PeerLink({
      offerer,
      older,
      dialect,
      lease: { configuration: {}, renewInMs },
      wishes: {},
      createConnection: () => this.connection as unknown as RTCPeerConnection,
      send: (cmd, msg) => this.said.push({ cmd, msg }),
      freshLease: async () => this.lease,
      troubled: () => void this.troubles++,
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

  it('of a first offer is given way to by a new link: lines that nobody answered stand in the way', async () => {
    const older = new Side(true);
    const joiner = new Side(true, 2, { older: false });
    await settle();
    const [offer] = joiner.said.splice(0);
    await expect(joiner.link.description(older.said[0]?.msg ?? '')).rejects.toThrow(AnotherSession);
    await older.link.description(offer?.msg ?? '');
    expect(older.messages('answer')).toHaveLength(0);
  });

  it.each([true, false])('is decided by the marks of the offers when both say of older: %s', async (older) => {
    const one = new Side(true, 2, { older });
    const other = new Side(false, 2, { older });
    await negotiate(one, other);
    void one.link.restart();
    void other.link.restart();
    await negotiate(one, other);
    expect([one, other].map((side) => side.connection.signalingState)).toEqual(['stable', 'stable']);
    const local = (side: Side) => side.connection.localDescription?.type;
    expect([local(one), local(other)].sort()).toEqual(['answer', 'offer']);
  });
});

describe('an answer', () => {
  it('to an offer that was taken back is passed over', async () => {
    const { older, joiner } = await pair();
    older.connection.become('failed');
    await settle();
    const [first] = older.said.splice(0);
    await vi.advanceTimersByTimeAsync(6000);
    await joiner.link.description(first?.msg ?? '');
    await older.link.description(joiner.said.splice(0)[0]?.msg ?? '');
    expect(older.connection.signalingState).toBe('have-local-offer');
    await negotiate(older, joiner);
    expect(older.connection.signalingState).toBe('stable');
  });

  it('of a client of dialect A has no mark and is taken, and its offers get none', async () => {
    const older = new Side(true, 1);
    await settle();
    const offer = JSON.parse(older.said[0]?.msg ?? '') as Record<string, string>;
    expect(Object.keys(offer)).toEqual(['type', 'sdp']);
    await older.link.description(JSON.stringify({ type: 'answer', sdp: offer['sdp'] }));
    expect(older.connection.signalingState).toBe('stable');
  });
});

describe('an offer that nobody answers', () => {
  it('is said again every five seconds, with the server connection tested, until it is answered', async () => {
    const older = new Side(true);
    const joiner = new Side(false);
    await settle();
    const [first] = older.said.splice(0);
    await vi.advanceTimersByTimeAsync(4990);
    expect(older.said).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(10);
    expect(older.said).toEqual([first]);
    expect(older.troubles).toBe(1);
    await vi.advanceTimersByTimeAsync(5000);
    expect(older.said).toHaveLength(2);
    await negotiate(older, joiner);
    expect(joiner.connection.signalingState).toBe('stable');
    await vi.advanceTimersByTimeAsync(15_000);
    expect(older.said).toHaveLength(0);
    expect(older.troubles).toBe(2);
  });

  it('is answered again when the answer was lost', async () => {
    const older = new Side(true);
    const joiner = new Side(false);
    await settle();
    await hand(older, joiner);
    joiner.said.splice(0);
    await vi.advanceTimersByTimeAsync(5000);
    await negotiate(older, joiner);
    expect(older.connection.signalingState).toBe('stable');
  });

  it('is said again for a screen too, while the path works', async () => {
    const { older } = await pair();
    older.connection.become('connected');
    await older.link.setMedia(media({ screen: screenOf(track('video')) }));
    await settle();
    older.said.splice(0);
    await vi.advanceTimersByTimeAsync(5000);
    expect(older.messages('offer')).toHaveLength(1);
  });

  it('gives way to a new one when the path is broken: the server connection is tested, then ICE is restarted again', async () => {
    const { older } = await pair();
    older.connection.become('connected');
    older.connection.become('failed');
    await settle();
    expect(older.messages('offer')).toHaveLength(1);
    expect(older.troubles).toBe(1);
    await vi.advanceTimersByTimeAsync(5000);
    expect(older.troubles).toBe(2);
    expect(older.messages('offer')).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1001);
    expect(older.connection.restarts).toBe(2);
    expect(older.messages('offer')).toHaveLength(2);
  });
});

describe('a description from another connection', () => {
  const elsewhere = async (type: 'offer' | 'answer', like: Side) => {
    const sdp = like.connection.localDescription?.sdp?.replace(/fingerprint.*/, 'fingerprint:sha-256 elsewhere');
    return JSON.stringify({ type, sdp });
  };

  it('is not taken as an offer: its certificate is another', async () => {
    const { older, joiner } = await pair();
    await expect(joiner.link.description(await elsewhere('offer', older))).rejects.toThrow(AnotherSession);
    expect(joiner.messages('answer')).toHaveLength(0);
  });

  it('is not taken as an answer', async () => {
    const { older, joiner } = await pair();
    void older.link.restart();
    await settle();
    await expect(older.link.description(await elsewhere('answer', joiner))).rejects.toThrow(AnotherSession);
  });

  it('is told by the certificate only: an ICE restart of the same connection is taken', async () => {
    const { older, joiner } = await pair();
    void older.link.restart();
    await negotiate(older, joiner);
    expect(older.connection.signalingState).toBe('stable');
  });
});

describe('credentials that end', () => {
  const HOUR = 3_600_000;
  const fresh: IceLease = { configuration: { iceServers: [{ urls: 'turn:fresh' }] }, renewInMs: 10 * HOUR };

  it('are renewed in time, and a path through a relay moves to them', async () => {
    const older = new Side(true, 2, { renewInMs: HOUR });
    await negotiate(older, new Side(false));
    older.connection.become('connected');
    older.connection.relayed = true;
    older.lease = fresh;
    await vi.advanceTimersByTimeAsync(HOUR - 100);
    expect(older.connection.configurations).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(200);
    expect(older.connection.configurations.at(-1)).toBe(fresh.configuration);
    expect(older.connection.restarts).toBe(1);
    await vi.advanceTimersByTimeAsync(10 * HOUR);
    expect(older.connection.restarts).toBe(2);
  });

  it('leave a direct path alone', async () => {
    const older = new Side(true, 2, { renewInMs: HOUR });
    await negotiate(older, new Side(false));
    older.connection.become('connected');
    older.lease = fresh;
    await vi.advanceTimersByTimeAsync(HOUR + 100);
    expect(older.connection.configurations).toEqual([fresh.configuration]);
    expect(older.connection.restarts).toBe(0);
  });

  it('are asked for every thirty seconds when there are no fresh ones yet', async () => {
    const older = new Side(true, 2, { renewInMs: HOUR });
    await negotiate(older, new Side(false));
    older.connection.become('connected');
    older.connection.relayed = true;
    older.lease = { configuration: {}, renewInMs: -1 };
    await vi.advanceTimersByTimeAsync(HOUR + 29_000);
    expect(older.connection.restarts).toBe(0);
    older.lease = fresh;
    await vi.advanceTimersByTimeAsync(2000);
    expect(older.connection.restarts).toBe(1);
  });

  it('may end later than a timer can wait', async () => {
    const older = new Side(true, 2, { renewInMs: 2 ** 31 });
    await negotiate(older, new Side(false));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(older.connection.configurations).toHaveLength(0);
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
    const { older, joiner } = await pair();
    older.connection.become('connected');
    older.connection.become('failed');
    await negotiate(older, joiner);
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

  it('an answer that may be lost is said again: a client of dialect A takes no offer meanwhile', async () => {
    const older = new Side(true);
    const joiner = new Side(false, 1);
    await settle();
    await hand(older, joiner);
    const [answer] = joiner.said.splice(0);
    await joiner.link.recover();
    expect(joiner.said).toEqual([answer]);
    expect(joiner.connection.restarts).toBe(0);
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
  it('keeps nobody waiting for what the browser never ends', async () => {
    const older = new Side(true);
    const joiner = new Side(false);
    await settle();
    joiner.connection.setRemoteDescription = () => new Promise(() => {});
    const taken = joiner.link.description(older.messages('offer')[0]?.msg ?? '');
    await settle();
    joiner.link.close();
    await expect(taken).resolves.toBeUndefined();
  });

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
