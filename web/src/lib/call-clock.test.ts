import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Call } from './call';
import { makeCall, member } from './testing/call-bench';
import { FakeChannel } from './testing/fake-channel';

let channel: FakeChannel;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 });
  vi.stubGlobal('MediaStream', class {});
  channel = new FakeChannel();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const bo = member('bo', 'Bo');

function ageOf(call: Call): number | undefined {
  const since = call.startedAt.value;
  return since === undefined ? undefined : Date.now() - since;
}

function enter(how: Parameters<FakeChannel['letIn']>[1]): Call {
  const call = makeCall({ channel, connections: [] });
  void call.join();
  channel.letIn([bo], how);
  return call;
}

it('a meeting is as old as the server says, also for a page that was loaded again', () => {
  expect(ageOf(enter({ elapsedMs: 754_000, resumed: true }))).toBe(754_000);
});

it('where the server does not say, it begins with the first who is met', () => {
  const call = makeCall({ channel, connections: [] });
  void call.join();
  channel.letIn();
  vi.advanceTimersByTime(5_000);
  expect(ageOf(call)).toBeUndefined();
  channel.say({ cmd: 'new-peer', remoteUid: 'bo', name: 'Bo', v: 2, state: bo.state });
  vi.advanceTimersByTime(3_000);
  expect(ageOf(call)).toBe(3_000);
});

it('a server that was started anew does not make it young again', () => {
  const call = enter({ elapsedMs: 754_000 });
  vi.advanceTimersByTime(1_000);
  channel.letIn([bo], { again: true, resumed: false, elapsedMs: 0 });
  expect(ageOf(call)).toBe(755_000);
});

it('it goes on while one is alone in it for a while', () => {
  const call = enter({ elapsedMs: 1_000 });
  channel.say({ cmd: 'peer-leave', remoteUid: 'bo' });
  vi.advanceTimersByTime(4_000);
  channel.say({ cmd: 'new-peer', remoteUid: 'bo', name: 'Bo', v: 2, state: bo.state });
  expect(ageOf(call)).toBe(5_000);
});
