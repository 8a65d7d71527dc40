/** The page's one run of the checks: what they found so far, and what the person may do. */
import { signal } from '@preact/signals';
import { orAborted } from '../../lib/check/abort';
import { CHECKS, selectGroups } from '../../lib/check/registry';
import { report, type ReportSource } from '../../lib/check/report';
import { CheckRunner } from '../../lib/check/runner';
import { CHECK_GROUPS, type CheckGroup, type CheckId, type CheckState } from '../../lib/check/types';
import { locale } from '../../lib/i18n';
import { mayAutoplay, playTone, watch } from './surroundings';
import { say } from './texts';

export class CheckSession {
  readonly states = signal<readonly CheckState[]>([]);
  readonly busy = signal(false);
  readonly started = signal(false);
  /** Answers the question "Did you hear it?"; `null` while it is not asked. */
  readonly answer = signal<((heard: boolean) => void) | null>(null);
  readonly sinkId = signal('');
  readonly groups: readonly CheckGroup[];
  readonly auto: boolean;
  /** Where the picture of the camera appears while it is tested. */
  previewPlace: HTMLElement | null = null;
  readonly #runner: CheckRunner;
  #startedAt: string | null = null;
  #durationMs: number | null = null;

  constructor(parameters: URLSearchParams) {
    this.auto = parameters.get('auto') === '1';
    this.groups = selectGroups(parameters.get('run'));
    this.#runner = new CheckRunner({
      checks: CHECKS,
      surroundings: {
        watch: (track, durationMs, aborted) => watch(this.previewPlace ?? document.body, track, durationMs, aborted),
        playTone,
        askHeard: (aborted) => this.#askHeard(aborted),
        sinkId: () => this.sinkId.peek(),
        mayAutoplay,
      },
      onChange: (states) => {
        this.states.value = states;
      },
      now: () => performance.now(),
      token: parameters.get('token'),
    });
  }

  get partial(): boolean {
    return this.groups.length < CHECK_GROUPS.length;
  }

  async start(): Promise<void> {
    this.started.value = true;
    this.#startedAt = new Date().toISOString();
    this.#durationMs = null;
    const startedMs = performance.now();
    await this.#while(this.#runner.runAll(this.groups, this.auto));
    this.#durationMs = Math.round(performance.now() - startedMs);
    // The report holds the duration: let it be drawn once more.
    this.states.value = [...this.states.peek()];
  }

  async again(id: CheckId): Promise<void> {
    if (!this.busy.peek()) await this.#while(this.#runner.runOne(id));
  }

  stop(): void {
    this.#runner.stop();
  }

  /** The report as text. Reads signals, so what shows it is drawn again when a result or the language changes. */
  report(showAddresses: boolean): string {
    const source: ReportSource = {
      states: this.states.value,
      userAgent: navigator.userAgent,
      origin: location.origin,
      serverVersion: this.#runner.serverVersion,
      language: locale.value,
      auto: this.auto,
      startedAt: this.#startedAt,
      durationMs: this.#durationMs,
      say,
    };
    return JSON.stringify(report(source, showAddresses), null, 2);
  }

  async #while(work: Promise<void>): Promise<void> {
    this.busy.value = true;
    try {
      await work;
    } finally {
      this.busy.value = false;
    }
  }

  async #askHeard(aborted: AbortSignal): Promise<boolean> {
    try {
      return await orAborted(new Promise<boolean>((resolve) => (this.answer.value = resolve)), aborted);
    } finally {
      this.answer.value = null;
    }
  }
}
