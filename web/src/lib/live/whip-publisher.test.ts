import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { USUAL_QUALITY, broadcastCodecs, encodingOf, qualityOf } from './broadcast-quality';
import { OWN_GHOST_MS_MAX, WhipPublisher } from './whip-publisher';
import { PATIENCE_MS, RESTARTS_MS_MAX } from './webrtc-session';

/** A connection that is as the test says, and carries nothing. */
class FakeConnection {
  connectionState: RTCPeerConnectionState = 'new';
  signalingState = 'stable';
  localDescription: { sdp: string } | null = null;
  remote = '';
  onconnectionstatechange: (() => void) | null = null;
  readonly sent: { kind: string; track: { kind: string } | null; parameters: RTCRtpSendParameters }[] = [];
  offers = 0;

  addTransceiver(track: { kind: string } | string) {
    const sent = { kind: typeof track === 'string' ? track : track.kind, track: typeof track === 'string' ? null : track, parameters: { encodings: [{}] } as unknown as RTCRtpSendParameters };
    this.sent.push(sent);
    const sender = {
      replaceTrack: async (next: { kind: string } | null) => void (sent.track = next),
      getParameters: () => structuredClone(sent.parameters),
      setParameters: async (next: RTCRtpSendParameters) => void (sent.parameters = next),
    };
    return { sender, setCodecPreferences: () => undefined };
  }

  async createOffer() {
    return { type: 'offer' };
  }

  async setLocalDescription(description?: { type?: string }) {
    if (description?.type === 'rollback') this.signalingState = 'stable';
    else {
      this.signalingState = 'have-local-offer';
      this.localDescription = { sdp: `m=audio 9 X\r\na=ice-ufrag:u${++this.offers}\r\na=ice-pwd:p\r\n` };
    }
  }

  async setRemoteDescription({ sdp }: { sdp: string }) {
    this.signalingState = 'stable';
    this.remote = sdp;
  }

  async getStats() {
    return new Map();
  }

  become(state: RTCPeerConnectionState) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close() {
    this.connectionState = 'closed';
  }
}

const ANSWER = 'a=ice-ufrag:s1\r\na=ice-pwd:sp1\r\n';
const FRAGMENT = 'a=ice-ufrag:s2\r\na=ice-pwd:sp2\r\n';

let connections: FakeConnection[];
let asked: string[];
/** Answers of the server by method: a status, or no answer. */
let status: Record<string, number | undefined>;
let publisher: WhipPublisher;

beforeEach(() => {
  vi.useFakeTimers();
  [connections, asked, status] = [[], [], { POST: 201, PATCH: 200, DELETE: 200 }];
  const ask = async (_: unknown, request?: RequestInit) => {
    const method = request?.method ?? 'GET';
    asked.push(method);
    const answer = status[method];
    if (answer === undefined) throw new TypeError('network');
    const body = answer === 409 ? '{"code":"on-air"}' : answer >= 400 ? '{"code":"no-session"}' : method === 'PATCH' ? FRAGMENT : ANSWER;
    return new Response(body, { status: answer, headers: { location: '/whip/live/a/1' } });
  };
  const connect = () => {
    const made = new FakeConnection();
    connections.push(made);
    return made as never;
  };
  publisher = new WhipPublisher({ endpoint: 'http://h/whip/live/a', iceServers: async () => [], quality: USUAL_QUALITY, ask: ask as never, connect, random: () => 0 });
});
afterEach(() => {
  publisher.stop();
  vi.useRealTimers();
});

const track = (kind: string, height = 1440) => ({ kind, getSettings: () => ({ height }) }) as never;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

async function goLive(): Promise<FakeConnection> {
  publisher.start({ audio: track('audio'), video: track('video') });
  await pass();
  connections.at(-1)?.become('connected');
  await pass();
  expect(publisher.state.value).toBe('live');
  return connections.at(-1) as FakeConnection;
}

describe('a broadcast', () => {
  it('is sent at the wanted size and rate, also when these or the picture change', async () => {
    const { sent } = await goLive();
    expect(sent[1]?.parameters.encodings[0]).toMatchObject({ maxBitrate: 2_500_000, scaleResolutionDownBy: 2 });
    await publisher.setQuality(qualityOf(360));
    expect(sent[1]?.parameters.encodings[0]).toMatchObject({ maxBitrate: 800_000, scaleResolutionDownBy: 4 });
    await publisher.send({ audio: null, video: track('video', 720) });
    expect([sent[0]?.track, sent[1]?.parameters.encodings[0]?.scaleResolutionDownBy]).toEqual([null, 2]);
  });

  it('ends by DELETE, and nothing is left', async () => {
    await goLive();
    publisher.stop();
    await pass();
    expect([asked, publisher.state.value, connections[0]?.connectionState, vi.getTimerCount()]).toEqual([['POST', 'DELETE'], 'idle', 'closed', 0]);
  });

  it('that the server does not want at the beginning is not tried again', async () => {
    status['POST'] = 409;
    publisher.start({ audio: null, video: null });
    await pass(60_000);
    expect([publisher.state.value, publisher.problem.value, asked]).toEqual(['refused', 'on-air', ['POST']]);
  });

  it('that finds no way to the media server says so', async () => {
    publisher.start({ audio: null, video: null });
    await pass(60_000);
    expect([publisher.state.value, publisher.problem.value]).toEqual(['refused', 'no-connection']);
  });
});

describe('an interruption', () => {
  it('that is over soon changes nothing', async () => {
    const connection = await goLive();
    connection.become('disconnected');
    await pass(PATIENCE_MS - 1);
    connection.become('connected');
    await pass(RESTARTS_MS_MAX);
    expect([asked, publisher.state.value]).toEqual([['POST'], 'live']);
  });

  it('that lasts is answered with a new beginning of ICE, in the same session', async () => {
    const connection = await goLive();
    connection.become('disconnected');
    await pass(PATIENCE_MS);
    expect(asked).toEqual(['POST', 'PATCH']);
    expect(connection.remote).toBe('a=ice-ufrag:s2\r\na=ice-pwd:sp2\r\n');
    connection.become('connected');
    await pass(RESTARTS_MS_MAX);
    expect([connections.length, publisher.state.value]).toEqual([1, 'live']);
  });

  it('without any network is waited out, and the offer that nobody heard is taken back', async () => {
    const connection = await goLive();
    status = {};
    connection.become('disconnected');
    await pass(PATIENCE_MS * 2 + 10);
    expect([asked.filter((method) => method === 'PATCH').length, connection.signalingState]).toEqual([2, 'stable']);
    status = { PATCH: 200 };
    await pass(PATIENCE_MS);
    expect(connection.signalingState).toBe('stable');
    connection.become('connected');
    await pass(RESTARTS_MS_MAX);
    expect(publisher.state.value).toBe('live');
  });

  it('after which the server knows nothing of the session is answered with another', async () => {
    const connection = await goLive();
    status['PATCH'] = 404;
    connection.become('failed');
    await pass(1000);
    expect([connections.length, publisher.state.value]).toEqual([2, 'reconnecting']);
    connections[1]?.become('connected');
    await pass();
    expect(publisher.state.value).toBe('live');
  });

  it('whose own ghost still holds the name waits until that is gone, and not longer', async () => {
    const connection = await goLive();
    status = { POST: 409, PATCH: 404, DELETE: undefined };
    connection.become('failed');
    await pass(20_000);
    expect(publisher.state.value).toBe('reconnecting');
    await pass(OWN_GHOST_MS_MAX);
    expect([publisher.state.value, publisher.problem.value]).toEqual(['refused', 'on-air']);
  });
});

describe('the encoder', () => {
  it('is never told to enlarge, and of codecs H.264 first', () => {
    expect(encodingOf(qualityOf(1080), 480).scaleResolutionDownBy).toBe(1);
    expect(encodingOf(USUAL_QUALITY, undefined).scaleResolutionDownBy).toBe(1);
    expect(qualityOf(Number.NaN)).toEqual(USUAL_QUALITY);
    const known = ['video/VP8', 'video/rtx', 'video/H264', 'video/AV1'].map((mimeType) => ({ mimeType, clockRate: 90_000 }));
    expect(broadcastCodecs(known)?.map((codec) => codec.mimeType)).toEqual(['video/H264', 'video/VP8', 'video/AV1', 'video/rtx']);
    expect(broadcastCodecs([])).toBeUndefined();
  });
});
