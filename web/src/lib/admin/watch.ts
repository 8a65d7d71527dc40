/** Looks at something once a second for as long as somebody watches, and remembers the last minutes. */
import { computed, signal } from '@preact/signals-core';
import { ApiProblem } from './api';

/** Samples that are remembered: two minutes of differences. */
export const SAMPLES = 121;
/** Time from one answer to the next question. */
export const INTERVAL_MS = 1000;

/** How long it waits after a question without an answer. */
const RETRY_MS = 3000;

export class Watch<T> {
  /** Oldest first; undefined where no answer came. */
  readonly history = signal<ReadonlyArray<T | undefined>>([]);
  /** What the last question met with, if not an answer. */
  readonly problem = signal<ApiProblem | undefined>(undefined);
  /** The last answer, also an old one. */
  readonly latest = computed(() => this.history.value.findLast((sample) => sample !== undefined));
  private running: AbortController | undefined;

  constructor(private readonly look: (signal: AbortSignal) => Promise<T>) {}

  /** Begins to look; what was remembered stays, with a gap behind it. */
  start(): void {
    if (this.running) return;
    const running = new AbortController();
    this.running = running;
    if (this.history.peek().length > 0) this.remember(undefined);
    void this.run(running.signal);
  }

  stop(): void {
    this.running?.abort();
    this.running = undefined;
  }

  /** Looks at once, after something was done. */
  again(): void {
    if (!this.running) return;
    this.stop();
    this.running = new AbortController();
    void this.run(this.running.signal);
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pause = await this.lookOnce(signal);
      if (pause === undefined) return;
      await sleep(pause, signal);
    }
  }

  /** The time until the next look; undefined when there is none. */
  private async lookOnce(signal: AbortSignal): Promise<number | undefined> {
    try {
      const sample = await this.look(signal);
      if (signal.aborted) return undefined;
      this.remember(sample);
      this.problem.value = undefined;
      return INTERVAL_MS;
    } catch (error) {
      if (signal.aborted) return undefined;
      const problem = error instanceof ApiProblem ? error : new ApiProblem('no-answer');
      this.remember(undefined);
      this.problem.value = problem;
      if (problem.isAboutToken || problem.code === 'no-room') return undefined;
      return Math.max(RETRY_MS, problem.retryAfterSeconds * 1000);
    }
  }

  private remember(sample: T | undefined): void {
    this.history.value = [...this.history.peek(), sample].slice(-SAMPLES);
  }
}

/** Waits; an abort ends it at once. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
