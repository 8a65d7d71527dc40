import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StreamReport } from './api';
import { NO_FIGURES, WayFailure, type Engine, type Way } from './engine';
import { LOOK_MS, Playback, UNPLAYABLE_MS, WAIT_MS } from './playback';
import { LiveProblem } from './problem';

const NAME = { app: 'live', stream: 'lesson' };
const REPORT: StreamReport = { ...NAME, since: 1, protocol: 'rtmp', video: { codec: 'H264', width: 1, height: 1 }, audio: null, viewers: 1 };

/** A way that the test leads. */
class FakeEngine implements Engine {
  stopped = false;
  readonly over: Promise<WayFailure>;
  end!: (reason: string) => void;

  constructor(
    readonly way: Way,
    private readonly beginning: string | undefined,
  ) {
    this.over = new Promise((resolve) => (this.end = (reason) => resolve(new WayFailure(reason))));
  }

  async start(): Promise<void> {
    if (this.beginning) throw new WayFailure(this.beginning);
  }

  stop(): void {
    this.stopped = true;
  }

  async figures() {
    return { ...NO_FIGURES, kbps: 7 };
  }
}

let engines: FakeEngine[];
/** What the server says: a report, or the code of a refusal. */
let told: StreamReport | string;
/** Why a way fails at its beginning; `none` where the browser cannot go it. */
let failures: Partial<Record<Way, string>>;
let playback: Playback;

beforeEach(() => {
  vi.useFakeTimers();
  [engines, told, failures] = [[], REPORT, {}];
  const one = async () => {
    if (typeof told === 'string') throw new LiveProblem(told);
    return told;
  };
  const engine = (way: Way) => {
    if (failures[way] === 'none') return undefined;
    const made = new FakeEngine(way, failures[way]);
    engines.push(made);
    return made;
  };
  playback = new Playback({ name: NAME, api: { one } as never, engine, random: () => 0 });
});
afterEach(() => {
  playback.stop();
  vi.useRealTimers();
});

const soon = () => vi.advanceTimersByTimeAsync(0);
const tried = () => engines.map((engine) => engine.way);

describe('a stream on air', () => {
  it('plays by the best way, and its figures are remembered', async () => {
    playback.start();
    await soon();
    expect([playback.state.value, playback.way.value, tried()]).toEqual(['playing', 'webrtc', ['webrtc']]);
    await playback.measure();
    expect(playback.history.value.map((one) => one.kbps)).toEqual([7]);
  });

  it('plays by the next way where a better one fails, and says why', async () => {
    failures = { webrtc: 'no-connection', hls: 'none' };
    playback.start();
    await soon();
    expect([playback.state.value, playback.way.value]).toEqual(['playing', 'flv']);
    expect(playback.detours.value).toEqual([{ way: 'webrtc', reason: 'no-connection' }, { way: 'hls', reason: 'unsupported' }]);
    expect(engines[0]?.stopped).toBe(true);
  });

  it('plays by the way that somebody wants and by no other, until the best is wanted again', async () => {
    playback.choose('flv');
    await soon();
    expect(playback.way.value).toBe('flv');
    playback.choose(undefined);
    await soon();
    expect([playback.way.value, engines[0]?.stopped]).toEqual(['webrtc', true]);
  });

  it('that no way leads to is tried again after a while, by all of them', async () => {
    failures = { webrtc: 'no-media', hls: 'codec', flv: 'codec' };
    playback.start();
    await soon();
    expect([playback.state.value, playback.detours.value.length]).toEqual(['unplayable', 3]);
    failures = {};
    await vi.advanceTimersByTimeAsync(UNPLAYABLE_MS);
    expect([playback.state.value, playback.way.value, playback.detours.value]).toEqual(['playing', 'webrtc', []]);
  });

  it('that breaks off is played again, and ways that failed before are not tried first', async () => {
    failures = { webrtc: 'no-connection' };
    playback.start();
    await soon();
    engines.at(-1)?.end('lost');
    await soon();
    expect(playback.state.value).toBe('reconnecting');
    await vi.advanceTimersByTimeAsync(1000);
    expect([playback.state.value, tried()]).toEqual(['playing', ['webrtc', 'hls', 'hls']]);
  });

  it('of another publisher may be reached by ways on which the last one was not', async () => {
    failures = { webrtc: 'no-media' };
    playback.start();
    await soon();
    expect(playback.way.value).toBe('hls');
    [failures, told] = [{}, { ...REPORT, since: 2 }];
    engines.at(-1)?.end('lost');
    await vi.advanceTimersByTimeAsync(1000);
    expect(playback.way.value).toBe('webrtc');
  });
});

describe('a stream that nobody publishes', () => {
  it('is waited for, ever more seldom, and plays when it begins', async () => {
    told = 'not-on-air';
    playback.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([playback.state.value, engines.length]).toEqual(['waiting', 0]);
    told = REPORT;
    await vi.advanceTimersByTimeAsync(WAIT_MS.last);
    expect(playback.state.value).toBe('playing');
  });

  it('any more is let go, though its way still stands', async () => {
    playback.start();
    await soon();
    told = 'not-on-air';
    await vi.advanceTimersByTimeAsync(LOOK_MS + 1000);
    expect([playback.state.value, engines[0]?.stopped]).toEqual(['waiting', true]);
  });
});

describe('a server', () => {
  it('that is away does not end what plays, and is asked again until it is back', async () => {
    playback.start();
    await soon();
    told = 'no-answer';
    await vi.advanceTimersByTimeAsync(3 * LOOK_MS);
    expect(playback.state.value).toBe('playing');
    engines[0]?.end('lost');
    await vi.advanceTimersByTimeAsync(20_000);
    expect([playback.state.value, playback.problem.value]).toEqual(['reconnecting', 'no-answer']);
    told = REPORT;
    await vi.advanceTimersByTimeAsync(6_000);
    expect([playback.state.value, playback.problem.value]).toEqual(['playing', undefined]);
  });

  it('that refuses is not asked again', async () => {
    told = 'token-refused';
    playback.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([playback.state.value, playback.problem.value, vi.getTimerCount()]).toEqual(['denied', 'token-refused', 0]);
  });
});

it('stopped, it leaves nothing behind', async () => {
  playback.start();
  await soon();
  playback.stop();
  await soon();
  expect([engines[0]?.stopped, playback.engine.value, vi.getTimerCount()]).toEqual([true, undefined, 0]);
});
