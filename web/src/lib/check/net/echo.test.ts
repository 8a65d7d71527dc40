import { describe, expect, it } from 'vitest';
import { bandwidthOf, inMegabits, judgeBandwidth, KBPS_MAX, NEEDS_KBPS, Tally } from './bandwidth';
import { onlyCandidates, readRefusal, type Reach } from './echo';
import { judgeQuality, percent, qualityOf, worstOf, type Echoed } from './quality';
import { judgeReach, judgeRefusal, type Reaches } from './reach';

const SDP = ['v=0', 'a=candidate:1 1 udp 2130706431 127.0.0.1 3478 typ host', 'a=candidate:2 1 TCP 1671430143 127.0.0.1 3478 typ host tcptype passive', 'a=end-of-candidates', ''].join('\r\n');

describe('a transport alone', () => {
  it.each([
    ['udp', '127.0.0.1 3478 typ host', 'tcptype'],
    ['tcp', 'tcptype', ' udp '],
  ] as const)('%s: the addresses of the other are left out, whatever their capitals', (transport, kept, left) => {
    const found = onlyCandidates(SDP, transport);
    expect(found.kept).toBe(1);
    expect(found.sdp).toContain(kept);
    expect(found.sdp).not.toContain(left);
    expect(found.sdp).toContain('a=end-of-candidates');
  });

  it('is not offered where the answer has no address of it', () => {
    expect(onlyCandidates(SDP.replace(/.* udp .*\r\n/, ''), 'udp').kept).toBe(0);
  });
});

describe('the way to the media server', () => {
  const working: Reach = { transport: 'udp', status: 201, refusal: null, offered: 1, setupMs: 60, roundTripMs: 4 };
  const shut: Reach = { ...working, setupMs: null, roundTripMs: null };
  const silent: Reach = { ...working, roundTripMs: null };
  const refused = (status: number, refusal: string | null): Reach => ({ ...shut, status, refusal, offered: 0 });
  const both = (udp: Reach, tcp: Reach): Reaches => ({ udp, tcp });

  it.each<[string, Reaches, string, string]>([
    ['works', both(working, shut), 'pass', 'verdict.media.ok'],
    ['is shut, TCP works', both(shut, working), 'warn', 'verdict.media.shut'],
    ['is shut like the other', both(shut, shut), 'fail', 'verdict.media.shut'],
    ['connects and carries nothing', both(silent, working), 'warn', 'verdict.media.silent'],
    ['is not offered', both({ ...shut, offered: 0 }, working), 'info', 'verdict.media.none-offered'],
    ['has no server at its end', both(refused(503, 'media-unavailable'), shut), 'info', 'verdict.media.none'],
    ['is busy', both(refused(503, 'checks-busy'), shut), 'skipped', 'verdict.media.busy'],
    ['was asked for too often', both(refused(429, 'too-many-requests'), shut), 'skipped', 'verdict.media.busy'],
    ['needs an invitation', both(refused(401, 'token-needed'), shut), 'skipped', 'verdict.media.invitation'],
    ['gets no answer', both(refused(0, null), shut), 'warn', 'verdict.media.no-answer'],
    ['gets a broken answer', both(refused(500, null), shut), 'warn', 'verdict.media.no-answer'],
  ])('%s', (_name, reaches, status, verdict) => {
    const judged = judgeReach(reaches, 'udp');
    expect([judged.status, judged.verdict.key]).toEqual([status, verdict]);
  });

  it('is not called shut where the browser does not even try', () => {
    expect(judgeReach(both(shut, shut), 'udp', true).verdict.key).toBe('verdict.media.loopback');
    expect(judgeReach(both(working, shut), 'udp', true).status).toBe('pass');
  });

  it('is judged by packets when the server answered', () => {
    expect(judgeRefusal(working)).toBeNull();
  });

  it.each([
    [{ error: { code: 'checks-busy', message: 'later' } }, 'checks-busy'],
    [{ error: {} }, null],
    [null, null],
    ['nonsense', null],
  ])('reads a refusal from %j', (body, code) => {
    expect(readRefusal(body)).toBe(code);
  });
});

describe('packets there and back', () => {
  const packets = (count: number, roundTripMs: number | null): Echoed[] => Array.from({ length: count }, () => ({ roundTripMs, overtaken: false }));

  it('are counted, and what they took is measured', () => {
    const found = qualityOf([{ roundTripMs: 10, overtaken: false }, { roundTripMs: null, overtaken: false }, { roundTripMs: 30, overtaken: false }, { roundTripMs: 20, overtaken: true }]);
    expect(found).toEqual({ sent: 4, loss: 0.25, medianMs: 20, jitterMs: 15, overtaken: 1 });
  });

  it.each<[string, Echoed[], string]>([
    ['that are quick and whole', packets(100, 30), 'pass'],
    ['of which two in a hundred are lost', [...packets(98, 30), ...packets(2, null)], 'pass'],
    ['of which three in a hundred are lost', [...packets(97, 30), ...packets(3, null)], 'warn'],
    ['of which nine in a hundred are lost', [...packets(91, 30), ...packets(9, null)], 'fail'],
    ['that take 150 ms', packets(100, 150), 'pass'],
    ['that take 151 ms', packets(100, 151), 'warn'],
    ['that take 401 ms', packets(100, 401), 'fail'],
    ['that come unevenly', Array.from({ length: 100 }, (_, place) => ({ roundTripMs: place % 2 ? 10 : 60, overtaken: false })), 'warn'],
    ['that never come', packets(100, null), 'fail'],
    ['that were never sent', [], 'fail'],
  ])('%s', (_name, found, status) => {
    expect(judgeQuality(found, 'udp').status).toBe(status);
  });

  it('are drawn as the worst of their time, with a gap where nothing came', () => {
    expect(worstOf([...packets(2, 5), { roundTripMs: 9, overtaken: false }, ...packets(3, null)], 2)).toEqual([9, null]);
    expect(worstOf([], 60)).toEqual([]);
  });

  it('have a share of loss in words of one digit', () => {
    expect([0, 0.004, 0.0213, 0.1249].map(percent)).toEqual(['0', '0.4', '2.1', '12']);
  });
});

describe('bandwidth', () => {
  const at = (kbps: number) => bandwidthOf(Array.from({ length: 20 }, () => kbps));

  it('is the mean after the first second', () => {
    const rates = [0, 100, 200, 300, 400, ...Array.from({ length: 15 }, () => 400)];
    expect(bandwidthOf(rates)).toEqual({ kbps: 400, rampMs: 600, rates });
    expect(bandwidthOf([])).toEqual({ kbps: 0, rampMs: null, rates: [] });
  });

  it('counts bytes in the interval in which they came, and silence as nothing', () => {
    const tally = new Tally();
    tally.add(10, 1000);
    tally.add(190, 1500);
    tally.add(650, 500);
    tally.add(9_999, 7);
    expect(tally.kbps(1000)).toEqual([100, 0, 0, 20, 0]);
  });

  it.each<[string, number, number, string, string]>([
    ['for everything', KBPS_MAX, KBPS_MAX, 'pass', 'verdict.bandwidth.large'],
    ['that is just enough', NEEDS_KBPS.large, NEEDS_KBPS.large, 'pass', 'verdict.bandwidth.large'],
    ['with a narrow way up', 1999, KBPS_MAX, 'warn', 'verdict.bandwidth.small'],
    ['with a narrow way down', KBPS_MAX, 499, 'warn', 'verdict.bandwidth.sound'],
    ['for nothing', 99, 99, 'fail', 'verdict.bandwidth.nothing'],
  ])('%s', (_name, up, down, status, verdict) => {
    const judged = judgeBandwidth(at(up), at(down), 'udp');
    expect([judged.status, judged.verdict.key]).toEqual([status, verdict]);
  });

  it('has words with two figures', () => {
    expect([99, 2_049, 11_900].map(inMegabits)).toEqual(['0.1', '2', '12']);
  });
});
