import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LiveProblem } from './problem';
import { StreamTargets, TARGETS_LOOK_MS } from './stream-targets';
import type { TargetReport } from './targets';

const NAME = { app: 'live', stream: 'lesson' };

/** What the server would say: its list, or a code. */
let told: TargetReport[] | string;
/** What it says to a wish. */
let refusal: string | undefined;
let calls: string[];
let targets: StreamTargets;

const target = (id: string): TargetReport => ({ id, url: 'rtmp://h/app', source: 'request', state: 'on-air', reason: null });

beforeEach(() => {
  vi.useFakeTimers();
  [told, refusal, calls] = [[], undefined, []];
  const wish = (what: string) => async () => {
    calls.push(what);
    if (refusal) throw new LiveProblem(refusal);
    return target('1');
  };
  const list = async () => {
    calls.push('list');
    if (typeof told === 'string') throw new LiveProblem(told);
    return told;
  };
  targets = new StreamTargets({ list, add: wish('add'), remove: async () => void (await wish('remove')()) }, NAME);
});
afterEach(() => {
  targets.close();
  vi.useRealTimers();
});

const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);

it('the list is asked for again and again', async () => {
  targets.open();
  await passes(0);
  expect(targets.targets.value).toEqual([]);
  told = [target('1')];
  await passes(TARGETS_LOOK_MS);
  expect(targets.targets.value).toEqual([target('1')]);
});

it.each(['no-keys', 'not-granted', 'other-stream', 'token-refused'])('a server that answers %s is asked once, and nothing is shown', async (code) => {
  told = code;
  targets.open();
  await passes(60_000);
  expect([targets.targets.value, ...calls]).toEqual([undefined, 'list']);
});

it('a server without an answer is asked again, and what is known stays', async () => {
  told = [target('1')];
  targets.open();
  await passes(0);
  told = 'no-answer';
  await passes(TARGETS_LOOK_MS * 3);
  expect(targets.targets.value).toEqual([target('1')]);
  expect(calls.length).toBe(4);
});

it('what was added and removed is seen at once', async () => {
  targets.open();
  await passes(0);
  told = [target('1')];
  expect(await targets.add('rtmp://h/app', 'key')).toBe(true);
  await passes(0);
  expect(targets.targets.value).toEqual([target('1')]);
  told = [];
  expect(await targets.remove('1')).toBe(true);
  await passes(0);
  expect(targets.targets.value).toEqual([]);
});

it('a refused wish is told until the next one; what is gone already is removed', async () => {
  targets.open();
  await passes(0);
  refusal = 'private-address';
  expect(await targets.add('rtmp://10.0.0.1/app', '')).toBe(false);
  expect(targets.problem.value).toBe('private-address');
  refusal = 'no-target';
  expect(await targets.remove('1')).toBe(true);
  expect(targets.problem.value).toBeUndefined();
});

it('nothing is asked after the end of the stream, and a late answer changes nothing', async () => {
  told = [target('1')];
  targets.open();
  await passes(0);
  refusal = 'private-address';
  const late = targets.add('rtmp://10.0.0.1/app', '');
  targets.close();
  await late;
  calls = [];
  await passes(60_000);
  expect([targets.targets.value, targets.problem.value, ...calls]).toEqual([undefined, undefined]);
});
