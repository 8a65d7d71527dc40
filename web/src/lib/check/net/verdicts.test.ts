import { describe, expect, it } from 'vitest';
import type { CheckTextKey } from '../types';
import { onLoopback, readIceServers, readInfo } from './bench';
import { judgeDirect } from './direct';
import { readCandidate, type Found, type Gathering } from './gathering';
import { classifyMapping, judgeMapping, type Doubt, type Mapping } from './nat-mapping';
import { onlyTransport, transportOf, type RelayResult, type RelayResults } from './relay';
import { answered, judgeStun } from './stun';
import { judgeRelay } from './turn';
import { isPong, judgeWebSocket, PINGS, SLOW_MS } from './websocket';

const urls = ['stun:192.0.2.1:3478', 'stun:192.0.2.1:3479'];
const host = (address = '10.0.0.5'): Found => ({ type: 'host', address, port: 50_000, base: null });
const seen = (port: number, base: string | null = '10.0.0.5 50000', address = '203.0.113.9'): Found => ({ type: 'srflx', address, port, base });
const complete: Gathering = { urls, found: [host(), seen(50_000)], errors: [], complete: true, firstReflexiveMs: 20, elapsedMs: 60 };
const silent = (url: string) => ({ url, code: 701, text: 'timed out' });

describe('the mapping of the router', () => {
  it.each<[string, Partial<Gathering>, Mapping, Doubt | null]>([
    ['one mapping for two ports', {}, 'endpoint-independent', null],
    ['one mapping, base hidden', { found: [host('x.local'), seen(50_000, null)] }, 'endpoint-independent', null],
    ['two mappings of one socket', { found: [host(), seen(50_000), seen(50_001)] }, 'endpoint-dependent', null],
    ['two mappings, base hidden, one interface', { found: [host('x.local'), seen(1, null), seen(2, null)] }, 'endpoint-dependent', null],
    ['two mappings, base hidden, two interfaces', { found: [host('x.local'), host('y.local'), seen(1, null), seen(2, null)] }, 'unknown', 'ambiguous'],
    ['two sockets, one mapping each', { found: [host(), host('10.1.0.5'), seen(1), seen(2, '10.1.0.5 50000')] }, 'endpoint-independent', null],
    ['IPv4 and IPv6, one mapping each', { found: [host('x.local'), seen(1, null), seen(1, null, '2001:db8::9')] }, 'endpoint-independent', null],
    ['the same address inside and outside', { found: [host()] }, 'none', null],
    ['one port is silent', { errors: [silent(urls[1] as string)] }, 'unknown', 'unanswered'],
    ['both ports are silent', { found: [host()], errors: urls.map(silent) }, 'unknown', 'unanswered'],
    ['nothing found', { found: [] }, 'unknown', 'unanswered'],
    ['still gathering', { complete: false }, 'unknown', 'incomplete'],
    ['a server with one port', { urls: urls.slice(0, 1) }, 'unknown', 'one-port'],
  ])('%s', (_name, found, mapping, doubt) => {
    expect(classifyMapping({ ...complete, ...found })).toEqual({ mapping, doubt });
    expect(judgeMapping({ ...complete, ...found }).status).toBe('info');
  });
});

describe('one mapping', () => {
  it('with a hidden local address may as well be no translation at all, and says so', () => {
    const hidden = { ...complete, found: [host('x.local'), seen(50_000, null)] };
    expect(judgeMapping(hidden).verdict.key).toBe('verdict.nat-mapping.independent-or-none');
    expect(judgeMapping(complete).verdict.key).toBe('verdict.nat-mapping.independent');
  });
});

describe('STUN', () => {
  it.each<[string, Partial<Gathering>, boolean, string, CheckTextKey]>([
    ['a public address', {}, false, 'pass', 'verdict.stun.ok'],
    ['the own address', { found: [host()] }, false, 'pass', 'verdict.stun.same-address'],
    ['one of two ports silent', { found: [host()], errors: [silent(urls[0] as string)] }, false, 'pass', 'verdict.stun.same-address'],
    ['silence, relay works', { found: [host()], errors: urls.map(silent) }, true, 'warn', 'verdict.stun.relay-only'],
    ['silence, no relay', { found: [host()], errors: urls.map(silent) }, false, 'fail', 'verdict.stun.shut'],
    ['no answer within the time', { found: [host()], complete: false }, false, 'fail', 'verdict.stun.shut'],
    ['no candidates at all', { found: [] }, false, 'fail', 'verdict.stun.shut'],
    ['a server without STUN', { urls: [] }, false, 'info', 'verdict.stun.none-offered'],
  ])('%s', (_name, found, relayed, status, verdict) => {
    const judged = judgeStun({ gathering: { ...complete, ...found }, relayed, ignoresLoopback: false });
    expect([judged.status, judged.verdict.key]).toEqual([status, verdict]);
  });

  it('tells whether there is IPv6 without taking a hidden name for one', () => {
    expect(judgeStun({ gathering: { ...complete, found: [host('a:b.local')] }, relayed: false, ignoresLoopback: false }).details['ipv6']).toBe(false);
    expect(judgeStun({ gathering: { ...complete, found: [host('2001:db8::5')] }, relayed: false, ignoresLoopback: false }).details['ipv6']).toBe(true);
  });

  it('takes an error of another form of the URL for the same server', () => {
    expect(answered({ ...complete, urls: urls.slice(0, 1), found: [host()], errors: [silent('stun:192.0.2.1:3478?transport=udp')] })).toBe(false);
  });
});

describe('a candidate', () => {
  const candidate = (parts: object) => ({ type: 'srflx', protocol: 'udp', address: '203.0.113.9', port: 7, relatedAddress: '10.0.0.5', relatedPort: 5, ...parts }) as RTCIceCandidate;

  it.each([
    [{}, { type: 'srflx', address: '203.0.113.9', port: 7, base: '10.0.0.5 5' }],
    [{ relatedAddress: '0.0.0.0', relatedPort: 0 }, { type: 'srflx', address: '203.0.113.9', port: 7, base: null }],
    [{ relatedAddress: '::', relatedPort: 9 }, { type: 'srflx', address: '203.0.113.9', port: 7, base: null }],
    [{ type: 'host', relatedAddress: null }, { type: 'host', address: '203.0.113.9', port: 7, base: null }],
    [{ type: 'host', address: '[fd00::2]' }, { type: 'host', address: 'fd00::2', port: 7, base: null }],
    [{ type: 'relay' }, null],
    [{ protocol: 'tcp' }, null],
    [{ address: '' }, null],
  ])('with %j', (parts, expected) => {
    expect(readCandidate(candidate(parts))).toEqual(expected);
  });
});

describe('TURN', () => {
  const working: RelayResult = { urls: ['turn:x'], setupMs: 90, roundTripMs: 3, allocated: true, relayProtocol: 'udp', errors: [], iceStatus: 200 };
  const shut: RelayResult = { ...working, setupMs: null, roundTripMs: null, allocated: false, relayProtocol: null };
  const all = (udp: RelayResult, tcp = udp, tls = udp): RelayResults => ({ udp, tcp, tls });

  it.each<[string, RelayResults, string, CheckTextKey, CheckTextKey | undefined]>([
    ['that works', all(working), 'pass', 'verdict.turn.ok', undefined],
    ['that is shut beside one that works', all(shut, working), 'warn', 'verdict.turn.shut', 'advice.turn.udp'],
    ['that is shut like all others', all(shut), 'fail', 'verdict.turn.shut', 'advice.turn.none'],
    ['that allocates and carries nothing', all({ ...shut, allocated: true }, working), 'warn', 'verdict.turn.silent', 'advice.turn.udp'],
    ['that opens and echoes nothing', all({ ...working, roundTripMs: null }), 'fail', 'verdict.turn.silent', 'advice.turn.none'],
    ['that is not offered', all({ ...shut, urls: [] }, working), 'info', 'verdict.turn.none-offered', undefined],
    ['for invited people', all({ ...shut, urls: [], iceStatus: 401 }), 'skipped', 'verdict.turn.invitation', 'advice.turn.invitation'],
    ['without credentials', all({ ...shut, urls: [], iceStatus: 429 }), 'fail', 'verdict.turn.no-answer', 'advice.again'],
    ['without an answer', all({ ...shut, urls: [], iceStatus: 0 }), 'fail', 'verdict.turn.no-answer', 'advice.again'],
  ])('%s', (_name, results, status, verdict, advice) => {
    const judged = judgeRelay(results, 'udp');
    expect([judged.status, judged.verdict.key, judged.advice?.key]).toEqual([status, verdict, advice]);
  });

  it.each([
    ['turn:192.0.2.1', 'udp'],
    ['turn:192.0.2.1:3478?transport=udp', 'udp'],
    ['turn:192.0.2.1:3478?transport=tcp', 'tcp'],
    ['turns:call.example', 'tls'],
    ['turns:[2001:db8::1]:443?transport=tcp', 'tls'],
    ['turns:call.example?transport=udp', null],
    ['stun:192.0.2.1', null],
    ['https://call.example', null],
  ])('%s is reached over %s', (url, transport) => {
    expect(transportOf(url)).toBe(transport);
  });

  it('filters URLs and keeps the credentials with them', () => {
    const servers = [{ urls: ['turn:a', 'turn:a?transport=tcp'], username: 'u', credential: 'c' }, { urls: 'stun:a' }];
    expect(onlyTransport(servers, 'tcp')).toEqual([{ urls: ['turn:a?transport=tcp'], username: 'u', credential: 'c' }]);
    expect(onlyTransport(servers, 'tls')).toEqual([]);
  });
});

describe('a server on the machine of the browser', () => {
  const local = ['stun:127.0.0.1:3478', 'stun:localhost:3479'];
  const gathering = { ...complete, urls: local, found: [host()], errors: local.map(silent) };
  const relay: RelayResult = { urls: ['turn:[::1]:3478?transport=udp'], setupMs: null, roundTripMs: null, allocated: false, relayProtocol: null, errors: [], iceStatus: 200 };
  const results: RelayResults = { udp: relay, tcp: relay, tls: relay };

  it('is not called shut where the browser does not even try', () => {
    expect(judgeStun({ gathering, relayed: false, ignoresLoopback: true }).verdict.key).toBe('verdict.stun.loopback');
    expect(judgeStun({ gathering, relayed: false, ignoresLoopback: false }).verdict.key).toBe('verdict.stun.shut');
    expect(judgeRelay(results, 'udp', true).verdict.key).toBe('verdict.turn.loopback');
    expect(judgeRelay(results, 'udp', false).verdict.key).toBe('verdict.turn.shut');
  });

  it.each([
    [local, true],
    [['turns:[::1]?transport=tcp'], true],
    [['turn:127.0.0.1', 'turn:192.0.2.1'], false],
    [['turn:localhost.example'], false],
    [['turn:127.example.org'], false],
    [[], false],
  ])('%j: %s', (list, expected) => {
    expect(onLoopback(list)).toBe(expected);
  });
});

describe('direct paths', () => {
  it.each([
    [1, 2, 'verdict.direct.both'],
    [1, null, 'verdict.direct.host'],
    [null, 2, 'verdict.direct.reflexive'],
    [null, null, 'verdict.direct.none'],
  ])('host %s, reflexive %s', (hostMs, reflexiveMs, verdict) => {
    expect(judgeDirect({ hostMs, reflexiveMs, reflexiveFound: true }).verdict.key).toBe(verdict);
  });
});

describe('the WebSocket', () => {
  const open = { openMs: 12, roundTripsMs: Array<number>(PINGS).fill(30), closeCode: null, secure: true };

  it.each([
    ['that is quick', open, 'pass', 'verdict.websocket.ok'],
    ['at the limit', { ...open, roundTripsMs: [SLOW_MS] }, 'pass', 'verdict.websocket.ok'],
    ['above the limit', { ...open, roundTripsMs: [SLOW_MS + 1] }, 'warn', 'verdict.websocket.slow'],
    ['with one slow message', { ...open, roundTripsMs: [20, 20, 5_000] }, 'pass', 'verdict.websocket.ok'],
    ['without answers', { ...open, roundTripsMs: [] }, 'fail', 'verdict.websocket.silent'],
    ['that does not open', { ...open, openMs: null, roundTripsMs: [] }, 'fail', 'verdict.websocket.shut'],
  ])('%s', (_name, found, status, verdict) => {
    const judged = judgeWebSocket(found);
    expect([judged.status, judged.verdict.key]).toEqual([status, verdict]);
  });

  it.each([
    ['{"cmd":"pong","id":"3"}', true],
    ['{"cmd":"pong"}', true],
    ['{"cmd":"pong","id":"4"}', false],
    ['{"cmd":"ping","id":"3"}', false],
    ['null', false],
    ['nonsense', false],
    [new ArrayBuffer(1), false],
  ])('takes %s for its pong: %s', (data, expected) => {
    expect(isPong(data, '3')).toBe(expected);
  });
});

describe('the answers of the server', () => {
  it('are read part by part, and what is wrong is left out', () => {
    expect(readInfo({ version: '0.1.0', httpsPort: 8443, stun: [...urls, 7, 'http://x'] })).toEqual({ version: '0.1.0', httpsPort: 8443, stun: urls });
    expect(readInfo({ version: 1, httpsPort: 70_000, stun: 'x' })).toEqual({ version: null, httpsPort: null, stun: [] });
    expect(readInfo(null)).toEqual({ version: null, httpsPort: null, stun: [] });
  });

  it.each([
    [null, []],
    [{ iceServers: 'x' }, []],
    [{ iceServers: [{}, 7, { urls: [] }] }, []],
    [{ iceServers: [{ urls: 'stun:a' }] }, [{ urls: ['stun:a'] }]],
    [{ iceServers: [{ urls: ['turn:a', 3], username: 'u', credential: 'c' }] }, [{ urls: ['turn:a'], username: 'u', credential: 'c' }]],
  ])('ICE servers of %j', (answer, expected) => {
    expect(readIceServers(answer)).toEqual(expected);
  });
});
