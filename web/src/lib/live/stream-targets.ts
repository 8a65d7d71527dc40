/** The targets of a stream that is on air: adds and removes them, and asks how they do. */
import { signal } from '@preact/signals-core';
import { LiveProblem } from './problem';
import type { StreamName } from './stream-name';
import type { TargetReport, TargetsApi } from './targets';

/** From one answer to the next question. */
export const TARGETS_LOOK_MS = 2000;

export class StreamTargets {
  /** Undefined while this token may not see them, or no answer has come yet. */
  readonly targets = signal<TargetReport[] | undefined>(undefined);
  /** A code of the server: why the last wish was not granted. */
  readonly problem = signal<string | undefined>(undefined);
  #running: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly api: Pick<TargetsApi, 'list' | 'add' | 'remove'>,
    private readonly name: StreamName,
  ) {}

  open(): void {
    this.#again(0);
  }

  close(): void {
    this.#running?.abort();
    this.#running = undefined;
    clearTimeout(this.#timer);
    this.targets.value = undefined;
    this.problem.value = undefined;
  }

  /** Whether the server has taken it. */
  add(url: string, key: string): Promise<boolean> {
    return this.#wish(() => this.api.add(this.name, url, key));
  }

  remove(id: string): Promise<boolean> {
    return this.#wish(() => this.api.remove(this.name, id), 'no-target');
  }

  /** `done` is the refusal that says that it is so already. */
  async #wish(wish: () => Promise<unknown>, done?: string): Promise<boolean> {
    this.problem.value = undefined;
    let isGranted = true;
    try {
      await wish();
    } catch (error) {
      const code = error instanceof LiveProblem ? error.code : 'no-answer';
      isGranted = code === done;
      if (!isGranted && this.#running) this.problem.value = code;
    }
    // What was asked before is answered by what was true before.
    if (this.#running) this.#again(0);
    return isGranted;
  }

  #again(ms: number): void {
    this.#running?.abort();
    clearTimeout(this.#timer);
    this.#running = new AbortController();
    const { signal: running } = this.#running;
    this.#timer = setTimeout(() => void this.#look(running), ms);
  }

  async #look(running: AbortSignal): Promise<void> {
    try {
      const targets = await this.api.list(this.name, running);
      if (running.aborted) return;
      this.targets.value = targets;
    } catch (error) {
      if (running.aborted) return;
      if (error instanceof LiveProblem && (error.isAboutAccess || error.code === 'no-keys')) {
        // Asking again would be answered the same.
        this.targets.value = undefined;
        return;
      }
    }
    this.#again(TARGETS_LOOK_MS);
  }
}
