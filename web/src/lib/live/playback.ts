/**
 * Plays a stream whatever happens: waits for its publisher, takes the best way that leads to it, another where that fails, and comes back after
 * the server or the network was away. What draws it gives the ways.
 */
import { batch, signal } from '@preact/signals-core';
import { backoffMs } from '../backoff';
import type { LiveApi, StreamReport } from './api';
import { NO_FIGURES, WAYS, WayFailure, type Engine, type PlaybackFigures, type Way } from './engine';
import { LiveProblem } from './problem';
import type { StreamName } from './stream-name';

export type PlaybackState =
  /** Looking for the stream and for a way. */
  | 'connecting'
  /** Nobody publishes it. */
  | 'waiting'
  | 'playing'
  /** It played; the server, the network or the publisher is away for a moment. */
  | 'reconnecting'
  /** Whoever asks may not play it. */
  | 'denied'
  /** On air, and no way leads to it. */
  | 'unplayable';

/** A way that failed, and why. */
export interface Detour {
  way: Way;
  reason: string;
}

export interface PlaybackOptions {
  name: StreamName;
  api: LiveApi;
  /** Makes the engine of a way; `undefined` where the browser cannot go it. */
  engine: (way: Way, report: StreamReport) => Engine | undefined;
  random?: () => number;
}

/** How often it is looked whether somebody publishes, in a stream that nobody publishes: at first, and at last. */
export const WAIT_MS = { first: 1_500, last: 6_000 };
/** How often a stream that plays is looked at. */
export const LOOK_MS = 5_000;
/** Samples that are remembered: a minute. */
export const SAMPLES = 60;
/** When no way led to the stream: before all are tried again. */
export const UNPLAYABLE_MS = 15_000;

export class Playback {
  readonly state = signal<PlaybackState>('connecting');
  /** What the server last said of the stream. */
  readonly report = signal<StreamReport | undefined>(undefined);
  /** The way that is taken, or tried. */
  readonly way = signal<Way | undefined>(undefined);
  /** The ways that failed for this publisher. */
  readonly detours = signal<readonly Detour[]>([]);
  /** The code of the server's refusal, where there is one. */
  readonly problem = signal<string | undefined>(undefined);
  /** Oldest first, one a second; undefined where nothing was known. */
  readonly history = signal<readonly PlaybackFigures[]>([]);
  /** What plays; the page shows it. */
  readonly engine = signal<Engine | undefined>(undefined);
  /** The way that a person wants, alone; `undefined`: the best. */
  readonly wanted = signal<Way | undefined>(undefined);
  readonly #options: PlaybackOptions;
  #running: AbortController | undefined;

  constructor(options: PlaybackOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#running) return;
    const running = new AbortController();
    this.#running = running;
    this.state.value = 'connecting';
    void this.#run(running.signal).catch(() => undefined);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#leave(this.engine.peek());
  }

  /** Takes this way and no other, or the best again. */
  choose(way: Way | undefined): void {
    this.wanted.value = way;
    this.again();
  }

  /** Begins again at once, with nothing held against any way. */
  again(): void {
    this.stop();
    this.detours.value = [];
    this.start();
  }

  /** The network may be another one. */
  networkChanged(): void {
    this.engine.peek()?.networkChanged?.();
  }

  /** Remembers what plays, in figures; to be called once a second. */
  async measure(): Promise<void> {
    const engine = this.engine.peek();
    if (!engine || this.state.peek() !== 'playing') return;
    const figures = await engine.figures().catch(() => NO_FIGURES);
    if (this.engine.peek() === engine) this.history.value = [...this.history.peek(), figures].slice(-SAMPLES);
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const report = await this.#find(signal);
      if (!report) return;
      const played = await this.#play(report, signal);
      if (signal.aborted) return;
      if (played) attempt = 0;
      if (this.state.peek() !== 'unplayable') await pause(backoffMs(attempt, this.#random()), signal);
      else {
        await pause(UNPLAYABLE_MS, signal);
        this.detours.value = [];
      }
    }
  }

  /** Waits until the stream is on air; `undefined` when it may not be played. */
  async #find(signal: AbortSignal): Promise<StreamReport | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        const report = await this.#options.api.one(this.#options.name, signal);
        this.#remember(report);
        return report;
      } catch (error) {
        if (signal.aborted) return undefined;
        const problem = error instanceof LiveProblem ? error : new LiveProblem('no-answer');
        this.problem.value = problem.code;
        if (problem.isAboutAccess || problem.code === 'bad-name') {
          this.state.value = 'denied';
          return undefined;
        }
        const isOff = problem.code === 'not-on-air';
        if (isOff) this.detours.value = [];
        this.state.value = isOff ? 'waiting' : 'reconnecting';
        const wait = isOff ? Math.min(WAIT_MS.last, WAIT_MS.first * 1.3 ** attempt) * (1 - 0.3 * this.#random()) : backoffMs(attempt, this.#random());
        await pause(Math.max(wait, problem.retryAfterSeconds * 1000), signal);
      }
    }
  }

  /** A publisher who is not the one before may be reached by ways on which that one was not. */
  #remember(report: StreamReport): void {
    batch(() => {
      if (this.report.peek()?.since !== report.since) this.detours.value = [];
      this.report.value = report;
      this.problem.value = undefined;
      if (this.state.peek() !== 'playing') this.state.value = this.state.peek() === 'reconnecting' ? 'reconnecting' : 'connecting';
    });
  }

  /** Tries the ways, and plays by the first that leads to the stream until it ends. False: none did. */
  async #play(report: StreamReport, signal: AbortSignal): Promise<boolean> {
    const wanted = this.wanted.peek();
    const ways = wanted ? [wanted] : WAYS.filter((way) => !this.detours.peek().some((detour) => detour.way === way));
    for (const way of ways) {
      const engine = this.#options.engine(way, report);
      if (!engine) {
        this.#detour(way, 'unsupported');
        continue;
      }
      batch(() => {
        this.way.value = way;
        this.engine.value = engine;
      });
      const stop = () => engine.stop();
      signal.addEventListener('abort', stop, { once: true });
      try {
        await engine.start();
        signal.throwIfAborted();
        this.state.value = 'playing';
        await this.#stay(engine, signal);
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        const reason = error instanceof WayFailure ? error.reason : 'lost';
        if (reason === 'no-answer' || reason === 'not-on-air' || reason === 'off-air') return false;
        this.#detour(way, reason);
      } finally {
        signal.removeEventListener('abort', stop);
        this.#leave(engine);
      }
    }
    this.state.value = 'unplayable';
    return false;
  }

  /** Until the way or the stream ends. */
  async #stay(engine: Engine, signal: AbortSignal): Promise<void> {
    const looking = new AbortController();
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([engine.over, aborted, this.#offAir(looking.signal)]);
    looking.abort();
    if (!signal.aborted) this.state.value = 'reconnecting';
  }

  /** Looks from time to time how the stream is; resolves when nobody publishes it any more. */
  async #offAir(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(LOOK_MS * (1 - 0.2 * this.#random()), signal);
      try {
        this.#remember(await this.#options.api.one(this.#options.name, signal));
      } catch (error) {
        if (error instanceof LiveProblem && error.code === 'not-on-air') return;
        // Whether it plays without an answer, the engine knows.
      }
    }
  }

  #detour(way: Way, reason: string): void {
    this.detours.value = [...this.detours.peek().filter((known) => known.way !== way), { way, reason }];
  }

  #leave(engine: Engine | undefined): void {
    engine?.stop();
    // Another beginning may have its own already.
    if (this.engine.peek() !== engine) return;
    batch(() => {
      this.engine.value = undefined;
      this.way.value = undefined;
    });
  }

  #random(): number {
    return (this.#options.random ?? Math.random)();
  }
}

/** Waits; an abort ends it at once. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
