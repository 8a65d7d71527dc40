/** Looks at what is on air, again and again: often while something changes, seldom while nothing does. */
import { signal } from '@preact/signals-core';
import type { LiveApi, StreamList } from './api';
import { LiveProblem } from './problem';

/** From one answer to the next question: after a change, and at most. */
export const INTERVAL_MS = { least: 2_000, most: 8_000 };
/** After a question without an answer, at most. */
export const RETRY_MS_MAX = 30_000;
const GROWTH = 1.25;

export class StreamWatch {
  /** The last answer, also an old one. */
  readonly list = signal<StreamList | undefined>(undefined);
  /** What the last question met with, if not an answer. */
  readonly problem = signal<LiveProblem | undefined>(undefined);
  #running: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #interval = INTERVAL_MS.least;

  constructor(private readonly api: Pick<LiveApi, 'list'>) {}

  start(): void {
    if (this.#running) return;
    this.#running = new AbortController();
    this.#interval = INTERVAL_MS.least;
    void this.#look(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    clearTimeout(this.#timer);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const pause = await this.#lookOnce(signal);
    if (pause !== undefined && !signal.aborted) this.#timer = setTimeout(() => void this.#look(signal), pause);
  }

  /** The time until the next look; undefined when there is none. */
  async #lookOnce(signal: AbortSignal): Promise<number | undefined> {
    try {
      const list = await this.api.list(signal);
      if (signal.aborted) return undefined;
      const isSame = namesOf(list) === namesOf(this.list.peek());
      this.#interval = isSame ? Math.min(INTERVAL_MS.most, this.#interval * GROWTH) : INTERVAL_MS.least;
      this.list.value = list;
      this.problem.value = undefined;
      return this.#interval;
    } catch (error) {
      if (signal.aborted) return undefined;
      const problem = error instanceof LiveProblem ? error : new LiveProblem('no-answer');
      this.problem.value = problem;
      if (problem.isAboutAccess) return undefined;
      this.#interval = Math.min(RETRY_MS_MAX, this.#interval * 2);
      return Math.max(this.#interval, problem.retryAfterSeconds * 1000);
    }
  }
}

function namesOf(list: StreamList | undefined): string {
  return JSON.stringify(list?.streams.map(({ app, stream, since }) => [app, stream, since]));
}
