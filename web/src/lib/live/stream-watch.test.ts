import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StreamList } from './api';
import { LiveProblem } from './problem';
import { INTERVAL_MS, RETRY_MS_MAX, StreamWatch } from './stream-watch';

const list = (...names: string[]): StreamList => ({ streams: names.map((stream) => ({ app: 'live', stream, since: 1, protocol: 'rtmp', video: null, audio: null, viewers: 0 })), next: null });

let told: StreamList | string;
let asked: number;
let watch: StreamWatch;

beforeEach(() => {
  vi.useFakeTimers();
  [told, asked] = [list(), 0];
  const answer = async () => {
    asked++;
    if (typeof told === 'string') throw new LiveProblem(told);
    return told;
  };
  watch = new StreamWatch({ list: answer });
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

async function questionsIn(ms: number): Promise<number> {
  const before = asked;
  await vi.advanceTimersByTimeAsync(ms);
  return asked - before;
}

it('looks seldom while nothing changes, and often after a change', async () => {
  watch.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await questionsIn(INTERVAL_MS.most * 4)).toBe(4);
  told = list('a');
  await vi.advanceTimersByTimeAsync(INTERVAL_MS.most);
  expect(watch.list.value?.streams).toHaveLength(1);
  expect(await questionsIn(INTERVAL_MS.most)).toBeGreaterThanOrEqual(2);
});

it('keeps the last list while the server is away, and asks ever more seldom', async () => {
  told = list('a');
  watch.start();
  await vi.advanceTimersByTimeAsync(0);
  told = 'no-answer';
  await vi.advanceTimersByTimeAsync(120_000);
  expect([watch.list.value?.streams.length, watch.problem.value?.code]).toEqual([1, 'no-answer']);
  expect(await questionsIn(RETRY_MS_MAX * 3)).toBe(3);
  told = list();
  await vi.advanceTimersByTimeAsync(RETRY_MS_MAX);
  expect([watch.list.value?.streams.length, watch.problem.value]).toEqual([0, undefined]);
});

it('does not ask again where it may not look, nor after it was stopped', async () => {
  told = 'token-needed';
  watch.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([asked, watch.problem.value?.isAboutAccess]).toEqual([1, true]);
  told = list();
  watch.stop();
  watch.start();
  await vi.advanceTimersByTimeAsync(0);
  expect([asked, watch.problem.value]).toEqual([2, undefined]);
  watch.stop();
  expect(await questionsIn(60_000)).toBe(0);
});
