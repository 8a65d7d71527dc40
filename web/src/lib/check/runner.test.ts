import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Check, CheckContext, Surroundings } from './context';
import { overall } from './overall';
import { AUTO_LIMIT_MS, CheckRunner } from './runner';
import { selectGroups } from './registry';
import { CHECK_GROUPS, outcome, type CheckState } from './types';

const surroundings: Surroundings = {
  watch: () => Promise.resolve([]),
  playTone: () => Promise.resolve(),
  askHeard: () => Promise.resolve(true),
  sinkId: () => '',
  mayAutoplay: () => Promise.resolve(true),
};

const good = () => outcome('pass', 'verdict.apis.ok');
const never = () => new Promise<never>(() => undefined);

function check(id: Check['id'], group: Check['group'], more: Partial<Check> = {}): Check {
  return { id, group, timeoutMs: 1_000, run: good, ...more };
}

function runner(...checks: Check[]) {
  const seen: string[] = [];
  const made = new CheckRunner({
    checks,
    surroundings,
    onChange: (states: readonly CheckState[]) => seen.push(states.map(({ id, status }) => `${id} ${status}`).join(', ')),
    now: () => Date.now(),
    token: null,
  });
  return { made, seen, statuses: () => made.states.map(({ id, status }) => `${id} ${status}`) };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', () => Promise.reject(new Error('no server here')));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the runner', () => {
  it('runs the checks of a group one after the other and tells each step', async () => {
    const { made, seen } = runner(check('apis', 'browser'), check('codecs', 'browser'));
    await made.runAll(CHECK_GROUPS, true);
    expect(seen).toEqual([
      'apis pending, codecs pending',
      'apis running, codecs pending',
      'apis pass, codecs pending',
      'apis pass, codecs running',
      'apis pass, codecs pass',
    ]);
  });

  it('lists and runs only the groups asked for', async () => {
    const { made, statuses } = runner(check('apis', 'browser'), check('stun', 'net'));
    await made.runAll(['net'], true);
    expect(statuses()).toEqual(['stun pass']);
  });

  it('gives a check that measures the network to itself, and runs the others together', async () => {
    const order: string[] = [];
    const takes = (name: string, ms: number) => async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, ms));
      order.push(`${name} ends`);
      return good();
    };
    const { made } = runner(
      check('websocket', 'net', { run: takes('websocket', 10), alone: true }),
      check('stun', 'net', { run: takes('stun', 20) }),
      check('direct', 'net', { run: takes('direct', 10) }),
      check('quality', 'net', { run: takes('quality', 10), alone: true }),
      check('bandwidth', 'net', { run: takes('bandwidth', 10), alone: true }),
    );
    const done = made.runAll(['net'], true);
    await vi.advanceTimersByTimeAsync(100);
    await done;
    expect(order).toEqual([
      'websocket begins',
      'websocket ends',
      'stun begins',
      'direct begins',
      'direct ends',
      'stun ends',
      'quality begins',
      'quality ends',
      'bandwidth begins',
      'bandwidth ends',
    ]);
  });

  it('tells how far a check is, in whole percents, and only while it runs', async () => {
    const shares: (number | undefined)[] = [];
    const { made, seen } = runner(
      check('quality', 'net', {
        run: ({ progress }) => {
          for (const share of [0.101, 0.104, 2]) {
            progress(share);
            shares.push(made.states[0]?.progress);
          }
          setTimeout(() => progress(0.5), 10);
          return good();
        },
      }),
    );
    await made.runAll(['net'], true);
    await vi.advanceTimersByTimeAsync(20);
    expect(shares).toEqual([0.1, 0.1, 1]);
    expect(seen).toHaveLength(5);
    expect(made.states[0]).toMatchObject({ status: 'pass' });
    expect(made.states[0]?.progress).toBeUndefined();
  });

  it('gives up on a check at its limit, tells it, and goes on', async () => {
    let signal: AbortSignal | undefined;
    const hangs = (context: CheckContext) => {
      signal = context.signal;
      return never();
    };
    const { made, statuses } = runner(check('apis', 'browser', { run: hangs }), check('codecs', 'browser'));
    const done = made.runAll(CHECK_GROUPS, true);
    await vi.advanceTimersByTimeAsync(999);
    expect(statuses()[0]).toBe('apis running');
    await vi.advanceTimersByTimeAsync(1);
    await done;
    expect(signal?.aborted).toBe(true);
    expect(statuses()).toEqual(['apis warn', 'codecs pass']);
    expect(made.states[0]?.outcome?.verdict.key).toBe('verdict.timeout');
  });

  it('ends an unattended run within its limit, whatever the checks do', async () => {
    const slow = { timeoutMs: AUTO_LIMIT_MS * 2, run: never };
    const { made, statuses } = runner(check('apis', 'browser', slow), check('codecs', 'browser', slow));
    const done = made.runAll(CHECK_GROUPS, true);
    await vi.advanceTimersByTimeAsync(AUTO_LIMIT_MS);
    await done;
    expect(statuses()).toEqual(['apis warn', 'codecs warn']);
  });

  it('reports a check that throws as broken, with the error', async () => {
    const throws = () => {
      throw new TypeError('what');
    };
    const { made } = runner(check('apis', 'browser', { run: throws }));
    await made.runAll(CHECK_GROUPS, true);
    expect(made.states[0]).toMatchObject({
      status: 'warn',
      outcome: { verdict: { key: 'verdict.broken' }, details: { error: 'TypeError', message: 'what' } },
    });
  });

  it('skips what needs a click, unless it can tell without', async () => {
    const { made, statuses } = runner(
      check('speaker', 'media', { gesture: true, run: never }),
      check('screen-share', 'media', { gesture: true, precheck: () => outcome('warn', 'verdict.screen-share.absent'), run: never }),
    );
    await made.runAll(CHECK_GROUPS, true);
    expect(statuses()).toEqual(['speaker skipped', 'screen-share warn']);
  });

  it('runs what needs a click when it is clicked, and leaves the other results alone', async () => {
    const { made, statuses } = runner(check('apis', 'browser'), check('speaker', 'media', { gesture: true }));
    await made.runAll(CHECK_GROUPS, false);
    expect(statuses()).toEqual(['apis pass', 'speaker skipped']);
    await made.runOne('speaker');
    expect(statuses()).toEqual(['apis pass', 'speaker pass']);
  });

  it('repeats with a check those that rest on it, in the order of the registry', async () => {
    const order: string[] = [];
    const noting = (id: Check['id'], more: Partial<Check> = {}) =>
      check(id, 'media', {
        run: () => {
          order.push(id);
          return good();
        },
        ...more,
      });
    const { made } = runner(noting('permissions', { unlocks: ['microphone', 'camera', 'stun'] }), noting('devices'), noting('camera'), noting('microphone'));
    await made.runAll(CHECK_GROUPS, false);
    order.length = 0;
    await made.runOne('permissions');
    expect(order).toEqual(['permissions', 'camera', 'microphone']);
  });

  it('keeps the last finding of a check while it is repeated', async () => {
    let findings = 0;
    const counts = () => outcome('pass', 'verdict.apis.ok', { details: { findings: (findings += 1) } });
    const { made } = runner(check('apis', 'browser', { run: counts }));
    await made.runAll(CHECK_GROUPS, false);
    const again = made.runOne('apis');
    expect(made.states[0]).toMatchObject({ status: 'running', outcome: { details: { findings: 1 } } });
    await again;
    expect(made.states[0]).toMatchObject({ status: 'pass', outcome: { details: { findings: 2 } } });
  });

  it('stops when told to, and claims nothing of what it did not test', async () => {
    const { made, statuses } = runner(check('apis', 'browser', { run: never }), check('codecs', 'browser'));
    const done = made.runAll(CHECK_GROUPS, false);
    await vi.advanceTimersByTimeAsync(10);
    made.stop();
    await done;
    expect(statuses()).toEqual(['apis skipped', 'codecs skipped']);
    expect(overall(made.states).verdict).toBe('limited');
  });
});

describe('the groups in the address', () => {
  it.each([
    [null, ['browser', 'media', 'net']],
    ['', ['browser', 'media', 'net']],
    ['net', ['net']],
    ['net, media', ['media', 'net']],
    ['sfu', ['browser', 'media', 'net']],
  ])('%s', (parameter, groups) => {
    expect(selectGroups(parameter)).toEqual(groups);
  });
});
