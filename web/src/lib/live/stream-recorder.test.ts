import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LiveProblem } from './problem';
import type { RecordingReport } from './recordings';
import { LATE_MS, LOOK_MS, StreamRecorder } from './stream-recorder';

const NAME = { app: 'live', stream: 'lesson' };

/** What the server would say: its youngest recording, or a code. */
let told: RecordingReport | string | undefined;
/** What it says to a start or a stop. */
let refusal: string | undefined;
let calls: string[];
let recorder: StreamRecorder;

const recording = (id: number, state: RecordingReport['state'], reason: string | null = null): RecordingReport => ({ ...NAME, id, state, reason, startedAt: id * 1000, durationMs: 0, bytes: 0, gaps: 0, format: 'mp4', video: null, part: null, url: '' });

beforeEach(() => {
  vi.useFakeTimers();
  [told, refusal, calls] = [undefined, undefined, []];
  const act = (what: string) => async () => {
    calls.push(what);
    if (refusal) throw new LiveProblem(refusal);
  };
  const youngest = async () => {
    calls.push('look');
    if (typeof told === 'string') throw new LiveProblem(told);
    return told;
  };
  recorder = new StreamRecorder({ youngest, start: act('start'), stop: act('stop') }, NAME);
});
afterEach(() => {
  recorder.close();
  vi.useRealTimers();
});

const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const seen = () => [recorder.state.value, recorder.since.value, recorder.problem.value];

async function records(): Promise<void> {
  recorder.open();
  await passes(0);
  await recorder.start();
  told = recording(5, 'recording');
  await passes(LOOK_MS.soon);
  expect(seen()).toEqual(['recording', 5000, undefined]);
}

it.each(['recording-off', 'no-keys', 'not-granted', 'other-stream', 'token-refused'])('a server that answers %s is asked once, and nothing is shown', async (code) => {
  told = code;
  recorder.open();
  await passes(60_000);
  expect(seen()).toEqual(['closed', undefined, undefined]);
  expect(calls).toEqual(['look']);
});

it('a server without an answer is asked again', async () => {
  told = 'no-answer';
  recorder.open();
  await passes(0);
  told = undefined;
  await passes(LOOK_MS.later);
  expect(recorder.state.value).toBe('idle');
});

it('it has begun when the server lists it, and has ended when the server says so', async () => {
  told = recording(4, 'finished');
  recorder.open();
  await passes(0);
  await recorder.start();
  await passes(LOOK_MS.soon);
  expect(recorder.state.value).toBe('starting');
  told = recording(5, 'recording');
  await passes(LOOK_MS.soon);
  expect(seen()).toEqual(['recording', 5000, undefined]);
  await recorder.stop();
  await passes(LOOK_MS.soon);
  expect(recorder.state.value).toBe('stopping');
  told = recording(5, 'finished');
  await passes(LOOK_MS.soon);
  expect(seen()).toEqual(['idle', undefined, undefined]);
});

it('what the server records by its settings is shown as well, and the next file belongs to it', async () => {
  told = recording(5, 'recording');
  recorder.open();
  await passes(0);
  told = recording(5, 'finished');
  await passes(LOOK_MS.later);
  told = recording(6, 'recording');
  await passes(LOOK_MS.later);
  expect(seen()).toEqual(['recording', 5000, undefined]);
});

it('a refused start is told, and may be tried again', async () => {
  recorder.open();
  await passes(0);
  refusal = 'disk-full';
  await recorder.start();
  await passes(LOOK_MS.later);
  expect(seen()).toEqual(['idle', undefined, 'disk-full']);
  refusal = undefined;
  await recorder.start();
  expect(seen()).toEqual(['starting', undefined, undefined]);
});

it('a refused stop leaves what goes on', async () => {
  await records();
  refusal = 'no-answer';
  await recorder.stop();
  await passes(LOOK_MS.later);
  expect(seen()).toEqual(['recording', 5000, 'no-answer']);
});

it('what is so already is no refusal', async () => {
  recorder.open();
  await passes(0);
  refusal = 'already-recording';
  await recorder.start();
  expect(recorder.state.value).toBe('starting');
  refusal = 'not-recording';
  await recorder.stop();
  await passes(0);
  expect(seen()).toEqual(['idle', undefined, undefined]);
});

it('a recording that does not begin is said to be late, and can be stopped', async () => {
  recorder.open();
  await passes(0);
  await recorder.start();
  await passes(LATE_MS + LOOK_MS.soon);
  expect(seen()).toEqual(['starting', undefined, 'late']);
  await recorder.stop();
  await passes(0);
  expect(seen()).toEqual(['idle', undefined, undefined]);
  expect(calls).toContain('stop');
});

it('one that breaks off tells its reason; one that ends tells that', async () => {
  await records();
  told = recording(5, 'interrupted', 'disk-full');
  await passes(LOOK_MS.later);
  expect(seen()).toEqual(['idle', undefined, 'disk-full']);
  await recorder.start();
  told = recording(6, 'recording');
  await passes(LOOK_MS.soon);
  told = recording(6, 'finished');
  await passes(LOOK_MS.later * 2);
  expect(seen()).toEqual(['idle', undefined, 'ended']);
});

it('a token that is refused while it records closes it, and says so', async () => {
  await records();
  told = 'token-refused';
  await passes(LOOK_MS.later);
  expect(seen()).toEqual(['closed', undefined, 'token-refused']);
});

it('nothing is asked after the end of the stream', async () => {
  await records();
  recorder.close();
  calls = [];
  await passes(60_000);
  expect([...calls, ...seen()]).toEqual(['closed', undefined, undefined]);
});
