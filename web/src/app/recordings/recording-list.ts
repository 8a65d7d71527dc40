/** The recordings as far as they were asked for; the first page again from time to time, as one may be growing. */
import { signal } from '@preact/signals';
import { LiveProblem } from '../../lib/live/problem';
import type { RecordingReport, RecordingsApi } from '../../lib/live/recordings';

const INTERVAL_MS = 5000;
const RETRY_MS = 15_000;

export class RecordingTable {
  /** The youngest first; undefined before the first answer. */
  readonly rows = signal<readonly RecordingReport[] | undefined>(undefined);
  readonly next = signal<number | null>(null);
  readonly problem = signal<LiveProblem | undefined>(undefined);
  #running: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly api: RecordingsApi) {}

  start(): void {
    if (this.#running) return;
    this.#running = new AbortController();
    void this.#look(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    clearTimeout(this.#timer);
  }

  /** The next page. */
  async more(): Promise<void> {
    const list = await this.api.list(this.next.peek()).catch((error: unknown) => this.#failed(error));
    if (!list) return;
    this.rows.value = [...(this.rows.peek() ?? []), ...list.recordings];
    this.next.value = list.next;
  }

  async remove(id: number): Promise<void> {
    await this.api.remove(id);
    this.rows.value = this.rows.peek()?.filter((row) => row.id !== id);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const list = await this.api.list(null, signal).catch((error: unknown) => (signal.aborted ? undefined : this.#failed(error)));
    if (signal.aborted) return;
    if (list) {
      const youngest = list.recordings;
      const older = (this.rows.peek() ?? []).filter((row) => row.id < (youngest.at(-1)?.id ?? Infinity));
      // What was deleted elsewhere among the older ones shows when the page is opened again.
      this.rows.value = youngest.length === 0 ? [] : [...youngest, ...(list.next === null ? [] : older)];
      if (older.length === 0 || list.next === null) this.next.value = list.next;
      this.problem.value = undefined;
    }
    if (!this.problem.peek()?.isAboutAccess) this.#timer = setTimeout(() => void this.#look(signal), list ? INTERVAL_MS : RETRY_MS);
  }

  #failed(error: unknown): undefined {
    this.problem.value = error instanceof LiveProblem ? error : new LiveProblem('no-answer');
  }
}
