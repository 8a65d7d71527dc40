import { describe, expect, it } from 'vitest';
import type { CheckTextKey } from '../types';
import { judgeApis, type Api } from './apis';
import { codecNames, judgeCodecs, type Codec } from './codecs';
import { judgeLoopback } from './peer-connection';
import { judgeConnection, type Connection } from './secure-context';
import { judgeLayers } from './simulcast';
import { judgeTransforms, type TransformAbility } from './transforms';

describe('the secure context', () => {
  const plain: Connection = { secure: false, protocol: 'http:', host: '192.0.2.1:8080', httpsUrl: null };

  it.each<[string, Connection, string, CheckTextKey]>([
    ['over HTTPS', { ...plain, secure: true, protocol: 'https:' }, 'pass', 'verdict.secure-context.ok'],
    ['on localhost', { ...plain, secure: true }, 'pass', 'verdict.secure-context.local'],
    ['over plain HTTP', plain, 'fail', 'verdict.secure-context.plain'],
  ])('%s', (_name, connection, status, verdict) => {
    const found = judgeConnection(connection);
    expect([found.status, found.verdict.key]).toEqual([status, verdict]);
  });

  it('is led to the HTTPS address when the server has one', () => {
    const url = 'https://192.0.2.1:8443/check';
    expect(judgeConnection({ ...plain, httpsUrl: url }).advice).toEqual({ key: 'advice.secure-context.url', values: { url } });
  });
});

describe('the interfaces', () => {
  const all: readonly Api[] = [
    { name: 'a', need: 'call', present: true },
    { name: 'b', need: 'comfort', present: true },
    { name: 'c', need: 'extra', present: true },
  ];
  const without = (...names: string[]) => all.map((api) => ({ ...api, present: !names.includes(api.name) }));

  it.each<[Api[] | readonly Api[], string, CheckTextKey]>([
    [all, 'pass', 'verdict.apis.ok'],
    [without('c'), 'pass', 'verdict.apis.extra'],
    [without('b', 'c'), 'warn', 'verdict.apis.comfort'],
    [without('a', 'b', 'c'), 'fail', 'verdict.apis.missing'],
  ])('%j', (list, status, verdict) => {
    const found = judgeApis(list, []);
    expect([found.status, found.verdict.key]).toEqual([status, verdict]);
  });
});

describe('interfaces that a page without a secure connection does not see', () => {
  it('are not held against the browser', () => {
    const hidden: readonly Api[] = [{ name: 'getUserMedia', need: 'call', present: false }];
    expect(judgeApis(hidden, [], false).verdict.key).toBe('verdict.insecure');
    expect(judgeApis(hidden, [], true).status).toBe('fail');
  });
});

describe('the codecs', () => {
  const opus: Codec = { mimeType: 'audio/opus' };
  const vp8: Codec = { mimeType: 'video/VP8' };
  const h264: Codec = { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f' };
  const rtx: Codec = { mimeType: 'video/rtx' };
  const judge = (video: Codec[], audio: Codec[], receive = video) =>
    judgeCodecs({ sendVideo: video, receiveVideo: receive, sendAudio: audio, receiveAudio: audio, hardware: {} });

  it.each<[string, ReturnType<typeof judge>, string, CheckTextKey]>([
    ['all', judge([vp8, h264, rtx], [opus]), 'pass', 'verdict.codecs.ok'],
    ['no H.264', judge([vp8], [opus]), 'pass', 'verdict.codecs.partial'],
    ['no video', judge([rtx], [opus]), 'fail', 'verdict.codecs.none'],
    ['video one way only', judge([vp8], [opus], [h264]), 'fail', 'verdict.codecs.none'],
    ['no opus', judge([vp8, h264], [{ mimeType: 'audio/PCMU' }]), 'fail', 'verdict.codecs.none'],
  ])('%s', (_name, found, status, verdict) => {
    expect([found.status, found.verdict.key]).toEqual([status, verdict]);
  });

  it('are named with the parameter that tells them apart, each once', () => {
    const vp9 = { mimeType: 'video/VP9', sdpFmtpLine: 'profile-id=0' };
    expect(codecNames([vp8, h264, h264, vp9, rtx])).toEqual(['VP8', 'H264 42e01f', 'VP9 0']);
  });
});

describe('the loopback', () => {
  const none = { setupMs: null, roundTripMs: null, connectionState: 'failed', candidates: [] };

  it.each([
    [{ ...none, setupMs: 12.4, roundTripMs: 1, candidates: ['host'] }, 'pass', 'verdict.peer-connection.ok'],
    [{ ...none, candidates: ['host'] }, 'info', 'verdict.peer-connection.hidden'],
    [none, 'fail', 'verdict.peer-connection.no-network'],
  ])('%j', (loopback, status, verdict) => {
    const found = judgeLoopback(loopback);
    expect([found.status, found.verdict.key]).toEqual([status, verdict]);
  });
});

describe('layers', () => {
  it.each([
    [true, ['VP9 L3T3_KEY'], 'verdict.simulcast.both'],
    [true, [], 'verdict.simulcast.sizes'],
    [false, ['VP8 L1T2'], 'verdict.simulcast.layers'],
    [false, [], 'verdict.simulcast.none'],
  ])('simulcast %s with modes %j', (simulcast, scalability, verdict) => {
    expect(judgeLayers({ simulcast, scalability }).verdict.key).toBe(verdict);
  });
});

describe('transforms', () => {
  const nothing: TransformAbility = {
    scriptTransform: false,
    createEncodedStreams: false,
    trackProcessor: false,
    trackGenerator: false,
    videoTrackGenerator: false,
    webCodecs: false,
    webTransport: false,
    webGl2: false,
    webGpu: false,
    wasmSimd: false,
  };
  const effects = { trackProcessor: true, videoTrackGenerator: true, wasmSimd: true };

  it.each<[Partial<TransformAbility>, CheckTextKey]>([
    [{}, 'verdict.transforms.none'],
    [{ scriptTransform: true }, 'verdict.transforms.encryption'],
    [{ createEncodedStreams: true, wasmSimd: true }, 'verdict.transforms.encryption'],
    [effects, 'verdict.transforms.effects'],
    [{ ...effects, trackGenerator: true, scriptTransform: true }, 'verdict.transforms.both'],
  ])('%j', (ability, verdict) => {
    expect(judgeTransforms({ ...nothing, ...ability }).verdict.key).toBe(verdict);
  });
});
