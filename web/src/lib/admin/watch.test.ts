import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ApiProblem } from './api';
import { INTERVAL_MS, SAMPLES, Watch } from './watch';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);

it('looks once a second while it runs, and not at all afterwards', async () => {
  const look = vi.fn(() => Promise.resolve(look.mock.calls.length));
  const watch = new Watch(look);
  expect(look).not.toHaveBeenCalled();
  watch.start();
  watch.start();
  await vi.advanceTimersByTimeAsync(2 * INTERVAL_MS);
  expect(watch.history.value).toEqual([1, 2, 3]);
  watch.stop();
  await vi.advanceTimersByTimeAsync(10 * INTERVAL_MS);
  expect(look).toHaveBeenCalledTimes(3);
  watch.start();
  await settle();
  expect(watch.history.value).toEqual([1, 2, 3, undefined, 4]);
});

it('remembers so many samples and no more', async () => {
  let seen = 0;
  const watch = new Watch(() => Promise.resolve(++seen));
  watch.start();
  await vi.advanceTimersByTimeAsync((SAMPLES - 1) * INTERVAL_MS);
  expect([watch.history.value.length, watch.history.value[0]]).toEqual([SAMPLES, 1]);
  await vi.advanceTimersByTimeAsync(INTERVAL_MS);
  expect([watch.history.value.length, watch.history.value[0]]).toEqual([SAMPLES, 2]);
});

it('goes on after a question without an answer, with a gap and the last answer still there', async () => {
  const answers: Array<() => Promise<string>> = [() => Promise.resolve('one'), () => Promise.reject(new ApiProblem('no-answer')), () => Promise.resolve('two')];
  const watch = new Watch(() => answers.shift()?.() ?? Promise.resolve('more'));
  watch.start();
  await vi.advanceTimersByTimeAsync(INTERVAL_MS);
  expect([watch.problem.value?.code, watch.latest.value]).toEqual(['no-answer', 'one']);
  await vi.advanceTimersByTimeAsync(3 * INTERVAL_MS);
  expect([watch.problem.value, watch.latest.value]).toEqual([undefined, 'two']);
  expect(watch.history.value).toEqual(['one', undefined, 'two']);
});

it('waits as long as it is told, and asks no more without a token or a room', async () => {
  const busy = vi.fn(() => Promise.reject(new ApiProblem('too-many-requests', 9)));
  new Watch(busy).start();
  await vi.advanceTimersByTimeAsync(8999);
  expect(busy).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(2);
  expect(busy).toHaveBeenCalledTimes(2);
  for (const code of ['token-refused', 'no-room']) {
    const refused = vi.fn(() => Promise.reject(new ApiProblem(code)));
    new Watch(refused).start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(refused).toHaveBeenCalledTimes(1);
  }
});

it('looks at once when something was done, and takes no answer of before', async () => {
  const answers: Array<(value: string) => void> = [];
  const watch = new Watch(() => new Promise<string>((resolve) => answers.push(resolve)));
  watch.start();
  await settle();
  watch.again();
  await settle();
  answers[0]?.('before');
  answers[1]?.('after');
  await settle();
  expect(watch.history.value).toEqual(['after']);
});
