import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChannelError } from './channel';
import { AUDIO_SLOTS_MAX, MediaLink, VIDEO_SLOTS_MAX, type MediaLinkOptions } from './media-link';
import { FakeConnection, fakeTrack } from './testing/fake-connection';

interface SentOffer {
  type: string;
  sdp: string;
  offer: string;
  connection: string;
  tracks: { mid: string; source: string }[];
}

let connection: FakeConnection;
let offers: SentOffer[];
let refusals: ChannelError[];
let broken: number;
let troubled: number;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('MediaStream', class {});
  connection = new FakeConnection();
  offers = [];
  refusals = [];
  broken = troubled = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTimeAsync(1);
const SERVER = 'sha-256 server';

async function link(more: Partial<MediaLinkOptions> = {}): Promise<MediaLink> {
  const lease = { configuration: {}, renewInMs: Infinity };
  const made = new MediaLink({
    lease,
    wishes: {},
    createConnection: () => connection as unknown as RTCPeerConnection,
    may: { audio: true, video: true, screen: true },
    slots: { audio: 2, video: 4 },
    offer: async (msg) => {
      const refusal = refusals.shift();
      if (refusal) throw refusal;
      offers.push(JSON.parse(msg) as SentOffer);
    },
    freshLease: async () => lease,
    troubled: () => troubled++,
    broken: () => broken++,
    ...more,
  });
  await settle();
  return made;
}

function answerTo(offer: SentOffer | undefined, certificate = SERVER): string {
  const session = offer?.sdp.split('\r\n')[0] ?? '';
  return JSON.stringify({ type: 'answer', sdp: `${session}\r\na=fingerprint:${certificate}`, offer: offer?.offer });
}

async function connected(more: Partial<MediaLinkOptions> = {}): Promise<MediaLink> {
  const made = await link(more);
  made.answer(answerTo(offers.at(-1)));
  await settle();
  connection.become('connected');
  return made;
}

const screen = (audio: boolean) => {
  const tracks = [fakeTrack('video'), ...(audio ? [fakeTrack('audio')] : [])];
  return {
    getVideoTracks: () => tracks.filter((track) => track.kind === 'video'),
    getAudioTracks: () => tracks.filter((track) => track.kind === 'audio'),
    getTracks: () => tracks,
  } as unknown as MediaStream;
};

describe('the first offer', () => {
  it('names what is sent by its source, and asks for slots', async () => {
    await link();
    expect(offers).toHaveLength(1);
    expect(offers[0]?.tracks).toEqual([
      { mid: '0', source: 'microphone' },
      { mid: '1', source: 'camera' },
    ]);
    expect(connection.getTransceivers().map(({ kind, direction }) => `${kind} ${direction}`)).toEqual([
      'audio sendonly',
      'video sendonly',
      'audio recvonly',
      'audio recvonly',
      'video recvonly',
      'video recvonly',
      'video recvonly',
      'video recvonly',
    ]);
  });

  it('carries a camera in three sizes', async () => {
    await link();
    const camera = connection.getTransceivers()[1]?.sender.getParameters().encodings;
    expect(camera?.map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy])).toEqual([
      ['q', 4],
      ['h', 2],
      ['f', 1],
    ]);
  });

  it('offers nothing that may not be sent', async () => {
    await link({ may: { audio: false, video: false, screen: false } });
    expect(offers[0]?.tracks).toEqual([]);
    expect(connection.getTransceivers().every(({ direction }) => direction === 'recvonly')).toBe(true);
  });

  it('opens slots with its answer, not before', async () => {
    const made = await link();
    expect(made.slots.value).toEqual([]);
    made.answer(answerTo(offers[0]));
    await settle();
    expect(made.slots.value.map(({ mid, kind }) => `${mid} ${kind}`)).toEqual(['2 audio', '3 audio', '4 video', '5 video', '6 video', '7 video']);
  });
});

describe('an answer', () => {
  it('to another offer is passed over', async () => {
    const made = await link();
    made.answer(JSON.stringify({ ...(JSON.parse(answerTo(offers[0])) as object), offer: 'another' }));
    await settle();
    expect(made.slots.value).toEqual([]);
    expect(connection.signalingState).toBe('have-local-offer');
  });

  it.each(['', 'null', '[]', '{"type":"answer"}', '{"type":"offer","sdp":"s=1","offer":"x"}'])('that is none does no harm: %s', async (msg) => {
    const made = await link();
    made.answer(msg);
    made.answer(answerTo(offers[0]));
    await settle();
    expect(made.slots.value).toHaveLength(6);
  });

  it('that does not come leads to another offer of the same connection', async () => {
    const made = await link();
    await vi.advanceTimersByTimeAsync(5001);
    expect(troubled).toBe(1);
    expect(offers).toHaveLength(2);
    expect(offers[1]?.connection).toBe(offers[0]?.connection);
    expect(offers[1]?.offer).not.toBe(offers[0]?.offer);
    made.answer(answerTo(offers[1]));
    await settle();
    expect(made.slots.value).toHaveLength(6);
  });

  it('from another server makes the connection useless', async () => {
    const made = await connected();
    made.grow('video', 9);
    await settle();
    made.answer(answerTo(offers.at(-1), 'sha-256 other'));
    await settle();
    expect(broken).toBe(1);
  });
});

describe('a refused offer', () => {
  it('is made again while the media server is not ready', async () => {
    refusals.push(new ChannelError(113, 'media-unavailable', ''));
    const made = await link();
    expect(made.refusal.value?.code).toBe(113);
    await vi.advanceTimersByTimeAsync(3001);
    expect(offers).toHaveLength(1);
    made.answer(answerTo(offers[0]));
    await settle();
    expect(made.refusal.value).toBeUndefined();
  });

  it('is made again at once when signalling is back', async () => {
    refusals.push(new ChannelError(0, 'connection-lost', ''));
    const made = await link();
    expect(offers).toHaveLength(0);
    made.recover();
    await settle();
    expect(offers).toHaveLength(1);
  });

  it('that cannot be answered is not made again', async () => {
    refusals.push(new ChannelError(112, 'bad-offer', 'no DTLS'));
    const made = await link();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(offers).toHaveLength(0);
    expect(made.state.value).toBe('failed');
    expect(made.refusal.value?.message).toBe('no DTLS');
    made.grow('video', 9);
    await settle();
    expect(offers).toHaveLength(0);
  });

  it.each(['recover', 'retry', 'restart'] as const)('that cannot be answered is made once more to %s, and again no more than once', async (how) => {
    refusals.push(new ChannelError(112, 'bad-offer', ''));
    const made = await link();
    refusals.push(new ChannelError(112, 'bad-offer', ''));
    void made[how]();
    await vi.advanceTimersByTimeAsync(5000);
    expect(refusals).toHaveLength(0);
    expect(offers).toHaveLength(0);
    void made[how]();
    await settle();
    expect(offers).toHaveLength(1);
  });

  it('in the middle of a call is forgotten when a later one is taken', async () => {
    const made = await connected();
    refusals.push(new ChannelError(112, 'bad-offer', ''));
    made.grow('video', 9);
    await settle();
    expect(made.state.value).toBe('failed');
    made.retry();
    await settle();
    made.answer(answerTo(offers.at(-1)));
    await settle();
    expect(made.state.value).toBe('connected');
    expect(made.refusal.value).toBeUndefined();
  });
});

describe('more slots', () => {
  it('come by another offer, one at a time', async () => {
    const made = await link();
    made.grow('video', 9);
    made.grow('video', 16);
    await settle();
    expect(offers, 'the first is not answered yet').toHaveLength(1);
    made.answer(answerTo(offers[0]));
    await settle();
    expect(offers).toHaveLength(2);
    made.answer(answerTo(offers[1]));
    await settle();
    expect(made.slots.value.filter(({ kind }) => kind === 'video')).toHaveLength(16);
    await settle();
    expect(offers).toHaveLength(2);
  });

  it('end at a limit', async () => {
    await link({ slots: { audio: AUDIO_SLOTS_MAX + 1, video: VIDEO_SLOTS_MAX + 1 } });
    const count = (kind: string) => connection.getTransceivers().filter((transceiver) => transceiver.kind === kind && transceiver.direction === 'recvonly').length;
    expect(count('audio')).toBe(AUDIO_SLOTS_MAX);
    expect(count('video')).toBe(VIDEO_SLOTS_MAX);
  });
});

describe('what is sent', () => {
  it('changes without an offer for camera and microphone', async () => {
    const made = await connected();
    const video = fakeTrack('video');
    made.setMedia({ audio: null, video: video as unknown as MediaStreamTrack, screen: null });
    await settle();
    expect(connection.getTransceivers()[1]?.sender.track).toBe(video);
    expect(offers).toHaveLength(1);
  });

  it('grows by an offer for a screen, which is not named any more when it ends', async () => {
    const made = await connected();
    made.setMedia({ audio: null, video: null, screen: screen(true) });
    await settle();
    expect(offers.at(-1)?.tracks.map(({ source }) => source)).toEqual(['microphone', 'camera', 'screen', 'screen-audio']);
    made.answer(answerTo(offers.at(-1)));
    await settle();
    made.setMedia({ audio: null, video: null, screen: null });
    await settle();
    const shared = connection.getTransceivers().filter(({ direction }) => direction === 'inactive');
    expect(shared).toHaveLength(2);
  });

  it('leaves out the layers that nobody watches, and takes them up again', async () => {
    const made = await connected();
    const active = () => connection.getTransceivers()[1]?.sender.getParameters().encodings.map((encoding) => encoding.active);
    expect(active(), 'before anybody has asked').toEqual([true, false, false]);
    made.setLayers('camera', [
      { rid: 'h', active: true },
      { rid: 'f', active: true },
    ]);
    await settle();
    expect(active()).toEqual([true, true, true]);
    made.setLayers('camera', [
      { rid: 'h', active: false },
      { rid: 'f', active: false },
    ]);
    await settle();
    expect(active()).toEqual([true, false, false]);
    made.setLayers('camera', [{ rid: 'h', active: true }]);
    await settle();
    expect(active()).toEqual([true, true, false]);
  });
});

describe('trouble on the way', () => {
  it('is repaired by a restart after a short wait', async () => {
    const made = await connected();
    connection.become('disconnected');
    expect(made.state.value).toBe('reconnecting');
    await vi.advanceTimersByTimeAsync(2001);
    expect(connection.restarts).toBe(1);
    expect(offers).toHaveLength(2);
    made.answer(answerTo(offers[1]));
    await settle();
    connection.become('connected');
    expect(made.state.value).toBe('connected');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(broken).toBe(0);
  });

  it('that a restart does not repair needs another connection', async () => {
    await connected();
    connection.become('failed');
    await vi.advanceTimersByTimeAsync(9000);
    expect(broken).toBe(1);
  });

  it('does not come from credentials that end: a relayed path moves to fresh ones in time', async () => {
    const lease = { configuration: {}, renewInMs: 60_000 };
    connection.relayed = true;
    await connected({ lease, freshLease: async () => ({ ...lease, renewInMs: Infinity }) });
    await vi.advanceTimersByTimeAsync(59_000);
    expect(connection.restarts).toBe(0);
    await vi.advanceTimersByTimeAsync(2000);
    expect(connection.restarts).toBe(1);
  });

  it('is told to the user after a while', async () => {
    const made = await link();
    await vi.advanceTimersByTimeAsync(20_001);
    expect(made.state.value).toBe('failed');
  });

  it('is nobody’s business after closing', async () => {
    const made = await connected();
    connection.become('failed');
    made.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(broken).toBe(0);
    expect(connection.closed).toBe(true);
  });
});
