import { describe, expect, it } from 'vitest';
import { maskAddresses, redact, report, type ReportSource } from './report';
import { outcome, type CheckState } from './types';

describe('masked addresses', () => {
  it.each([
    ['203.0.113.9', '203.0.x.x'],
    ['stun:192.0.2.1:3478', 'stun:192.0.x.x:3478'],
    ['https://203.0.113.101/check', 'https://203.0.x.x/check'],
    ['2001:db8:1:2::9', '2001:db8:x:x'],
    ['turn:[2001:db8:1:2:3:4:5:6]:3478', 'turn:[2001:db8:x:x]:3478'],
    ['fe80::1', 'fe80:x:x'],
    ['::ffff:203.0.113.9', '::x'],
    ['from 10.0.0.1 to 10.0.0.2', 'from 10.0.x.x to 10.0.x.x'],
    ['::1', '::1'],
    ['at 12:34:56', 'at 12:34:56'],
    ['c0ffee.local', 'c0ffee.local'],
    ['1280x720', '1280x720'],
  ])('%s becomes %s', (text, masked) => {
    expect(maskAddresses(text)).toBe(masked);
  });
});

describe('redaction', () => {
  const measured = { url: 'turn:192.0.2.1', username: '1790000000:me', credential: 's', nested: [{ token: 't', kept: 1 }] };

  it('takes secrets away whatever the person chose', () => {
    expect(redact(measured, true)).toEqual({ url: 'turn:192.0.2.1', nested: [{ kept: 1 }] });
    expect(redact(measured, false)).toEqual({ url: 'turn:192.0.x.x', nested: [{ kept: 1 }] });
  });

  it('leaves numbers, truths and nothing as they are', () => {
    expect(redact({ a: 1.5, b: false, c: null }, false)).toEqual({ a: 1.5, b: false, c: null });
  });
});

describe('the report', () => {
  const stun: CheckState = {
    id: 'stun',
    group: 'net',
    status: 'pass',
    outcome: outcome('pass', 'verdict.stun.ok', { values: { address: '203.0.113.9' }, details: { publicAddresses: ['203.0.113.9'] } }),
    durationMs: 40,
  };
  const browser: CheckState = {
    id: 'browser',
    group: 'browser',
    status: 'pass',
    outcome: outcome('pass', 'verdict.browser.ok', { details: { name: 'Chrome', full: '156.0.7000.1' } }),
    durationMs: 1,
  };
  const source: ReportSource = {
    states: [browser, stun],
    userAgent: 'Chrome/156.0.0.0',
    origin: 'https://203.0.113.101:8443',
    serverVersion: '0.1.0',
    language: 'en',
    auto: true,
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 41,
    say: ({ key, values }) => `${key} ${JSON.stringify(values ?? {})}`,
  };

  it('holds verdict, sentences and numbers, and hides addresses everywhere', () => {
    const made = report(source);
    expect(made).toMatchObject({
      version: 1,
      origin: 'https://203.0.x.x:8443',
      addresses: 'masked',
      overall: { verdict: 'ready', because: [] },
      userAgent: 'Chrome/156.0.0.0',
    });
    expect(JSON.stringify(made)).not.toContain('113.9');
    expect(JSON.stringify(made)).toContain('156.0.7000.1');
  });

  it('shows addresses when the person ticked the box', () => {
    const text = JSON.stringify(report(source, true));
    expect(text).toContain('"203.0.113.9"');
    expect(text).toContain('https://203.0.113.101:8443');
  });

  it('lists checks that have not run with nothing claimed', () => {
    const waiting: CheckState = { id: 'stun', group: 'net', status: 'pending', outcome: null, durationMs: null };
    expect(report({ ...source, states: [waiting] })).toMatchObject({
      overall: { verdict: 'idle' },
      checks: [{ id: 'stun', status: 'pending', verdict: null, text: null, advice: null, details: {} }],
    });
  });
});
