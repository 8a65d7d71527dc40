/** The recording of a stream that is on air: starts it, stops it, and asks how it is, for the server also records and ends by itself. */
import { signal } from '@preact/signals-core';
import { LiveProblem } from './problem';
import type { RecordingReport, RecordingsApi } from './recordings';
import type { StreamName } from './stream-name';

/** `closed`: the server keeps no recordings, this token may not record, or no answer has come yet. */
export type RecorderState = 'closed' | 'idle' | 'starting' | 'recording' | 'stopping';

/** From one answer to the next question: while something is under way, and otherwise. */
export const LOOK_MS = { soon: 1000, later: 4000 };
/** A recording that is listed after so long is late, which is said. */
export const LATE_MS = 8000;
/** A file may end and the next one not be listed yet: so many looks without a recording mean its end. */
const LOOKS_TO_END = 2;

export class StreamRecorder {
  readonly state = signal<RecorderState>('closed');
  /** When the recording that goes on began, also in an earlier file; milliseconds since 1970. */
  readonly since = signal<number | undefined>(undefined);
  /** A code of the server, the reason why a recording broke off, `late` or `ended`. */
  readonly problem = signal<string | undefined>(undefined);
  #running: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The youngest recording of the stream when it was last asked. */
  #youngest = 0;
  #startedAt = 0;
  #looksWithout = 0;

  constructor(
    private readonly api: Pick<RecordingsApi, 'youngest' | 'start' | 'stop'>,
    private readonly name: StreamName,
  ) {}

  open(): void {
    this.#again(0);
  }

  close(): void {
    this.#running?.abort();
    clearTimeout(this.#timer);
    this.#is('closed');
    this.problem.value = undefined;
  }

  async start(): Promise<void> {
    if (this.state.peek() !== 'idle') return;
    this.#is('starting');
    this.#startedAt = Date.now();
    await this.#ask('start', 'already-recording', 'idle');
  }

  async stop(): Promise<void> {
    const before = this.state.peek();
    if (before !== 'recording' && before !== 'starting') return;
    this.#is('stopping');
    await this.#ask('stop', 'not-recording', before);
  }

  /** `done` is the refusal that says that it is so already. */
  async #ask(what: 'start' | 'stop', done: string, before: RecorderState): Promise<void> {
    // What was asked before is answered by what was true before.
    this.#running?.abort();
    clearTimeout(this.#timer);
    this.problem.value = undefined;
    try {
      await this.api[what](this.name);
    } catch (error) {
      const code = codeOf(error);
      if (code !== done && this.state.peek() !== 'closed') {
        this.#is(before);
        this.problem.value = code;
      }
    }
    if (this.state.peek() !== 'closed') this.#again(0);
  }

  #again(ms: number): void {
    clearTimeout(this.#timer);
    this.#running = new AbortController();
    const { signal: running } = this.#running;
    this.#timer = setTimeout(() => void this.#look(running), ms);
  }

  async #look(running: AbortSignal): Promise<void> {
    try {
      const youngest = await this.api.youngest(this.name, running);
      if (running.aborted) return;
      this.#take(youngest);
      this.#youngest = Math.max(this.#youngest, youngest?.id ?? 0);
    } catch (error) {
      if (running.aborted) return;
      if (isRefused(error)) {
        const wasOpen = this.state.peek() !== 'closed';
        this.#is('closed');
        if (wasOpen) this.problem.value = codeOf(error);
        return;
      }
    }
    this.#again(['starting', 'stopping'].includes(this.state.peek()) ? LOOK_MS.soon : LOOK_MS.later);
  }

  #take(youngest: RecordingReport | undefined): void {
    const state = this.state.peek();
    if (youngest?.state === 'recording') {
      if (state === 'stopping') return;
      this.since.value ??= youngest.startedAt;
      this.#looksWithout = 0;
      // A refusal of the stop stays until the next attempt.
      if (state !== 'recording') this.problem.value = undefined;
      this.#is('recording');
      return;
    }
    if (state === 'closed' || state === 'stopping') this.#is('idle');
    else if (state === 'starting') this.#wait(youngest);
    else if (state === 'recording') this.#miss(youngest);
  }

  #wait(youngest: RecordingReport | undefined): void {
    if (youngest && youngest.id > this.#youngest) this.#ended(youngest);
    else if (Date.now() - this.#startedAt >= LATE_MS) this.problem.value = 'late';
  }

  #miss(youngest: RecordingReport | undefined): void {
    if (youngest?.state === 'interrupted' || ++this.#looksWithout >= LOOKS_TO_END) this.#ended(youngest);
  }

  #ended(youngest: RecordingReport | undefined): void {
    this.#is('idle');
    this.problem.value = (youngest?.state === 'interrupted' && youngest.reason) || 'ended';
  }

  #is(state: RecorderState): void {
    this.state.value = state;
    if (state === 'closed' || state === 'idle') {
      this.since.value = undefined;
      this.#looksWithout = 0;
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof LiveProblem ? error.code : 'no-answer';
}

/** Asking again would be answered the same. */
function isRefused(error: unknown): boolean {
  return error instanceof LiveProblem && (error.isAboutAccess || ['recording-off', 'no-keys'].includes(error.code));
}
