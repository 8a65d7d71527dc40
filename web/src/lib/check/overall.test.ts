import { describe, expect, it } from 'vitest';
import { clauses, overall, unsure, type Verdict } from './overall';
import { outcome, type CheckId, type CheckState, type CheckStatus, type CheckTextKey } from './types';

function state(id: CheckId, status: CheckStatus, verdict: CheckTextKey = 'verdict.skipped'): CheckState {
  const settled = status !== 'pending' && status !== 'running';
  return { id, group: 'browser', status, outcome: settled ? outcome(status, verdict) : null, durationMs: settled ? 1 : null };
}

const table: readonly [name: string, states: CheckState[], verdict: Verdict, because: CheckId[]][] = [
  ['nothing asked', [], 'idle', []],
  ['one still waits', [state('stun', 'pass'), state('direct', 'pending')], 'idle', []],
  ['one still runs, even beside a fail', [state('stun', 'fail'), state('direct', 'running')], 'running', []],
  ['all pass', [state('stun', 'pass'), state('direct', 'info'), state('speaker', 'skipped')], 'ready', []],
  ['no secure context', [state('secure-context', 'fail')], 'blocked', ['secure-context']],
  ['no WebSocket', [state('websocket', 'fail')], 'blocked', ['websocket']],
  ['a slow WebSocket', [state('websocket', 'warn')], 'limited', ['websocket']],
  ['a blocked camera', [state('permissions', 'fail')], 'limited', ['permissions']],
  ['a quiet microphone', [state('microphone', 'warn')], 'limited', ['microphone']],
  ['a relay transport that is shut while others work', [state('turn-udp', 'warn'), state('turn-tcp', 'pass')], 'ready', []],
  ['no relay at all, STUN answers', [state('turn-udp', 'fail'), state('turn-tcp', 'fail'), state('stun', 'pass')], 'limited', ['turn-udp', 'turn-tcp']],
  ['STUN silent, relay works', [state('stun', 'warn'), state('turn-tcp', 'pass')], 'limited', ['stun']],
  ['no way out at all', [state('turn-udp', 'fail'), state('stun', 'fail')], 'blocked', ['stun']],
  ['a missing convenience', [state('apis', 'warn'), state('autoplay', 'warn'), state('screen-share', 'warn')], 'ready', []],
  ['a check that ran out of time', [state('codecs', 'warn', 'verdict.timeout')], 'limited', ['codecs']],
  ['a microphone that nobody listened to', [state('microphone', 'skipped', 'verdict.microphone.click')], 'limited', ['microphone']],
  ['a check that broke', [state('direct', 'warn', 'verdict.broken')], 'limited', ['direct']],
  [
    'several troubles, the first to mend first',
    [state('camera', 'warn'), state('apis', 'fail'), state('permissions', 'fail'), state('secure-context', 'fail')],
    'blocked',
    ['secure-context', 'apis', 'permissions', 'camera'],
  ],
];

describe('the overall verdict', () => {
  it.each(table)('with %s', (_name, states, verdict, because) => {
    const found = overall(states);
    expect(found.verdict).toBe(verdict);
    expect(found.because.map(({ id }) => id)).toEqual(because);
  });

  it('says the same clause once and never more than two', () => {
    const relays = overall([state('turn-udp', 'fail'), state('turn-tcp', 'fail'), state('turn-tls', 'fail')]);
    expect(clauses(relays)).toEqual(['clause.turn']);
    const many = overall([state('permissions', 'fail'), state('microphone', 'fail'), state('camera', 'fail')]);
    expect(clauses(many)).toEqual(['clause.permissions', 'clause.microphone']);
  });

  it('says only what blocks when something does', () => {
    const found = overall([state('camera', 'warn'), state('websocket', 'fail')]);
    expect(found.because.map(({ id }) => id)).toEqual(['websocket', 'camera']);
    expect(clauses(found)).toEqual(['clause.websocket']);
  });

  it('names an unfinished check as such and not as a fault of what it tests', () => {
    const unfinished = overall([state('camera', 'warn', 'verdict.timeout')]);
    expect(clauses(unfinished)).toEqual(['clause.unsure']);
    expect(unsure(unfinished)).toBe(true);
    expect(unsure(overall([state('camera', 'warn', 'verdict.timeout'), state('microphone', 'warn')]))).toBe(false);
    expect(unsure(overall([state('camera', 'pass')]))).toBe(false);
  });
});
