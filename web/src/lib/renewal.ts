/** When to ask for fresh credentials: a relay goes on only for as long as the credentials that it was asked for with. */

/** Credentials that should have been renewed, and could not, are tried again after this time. */
const RENEW_AGAIN_MS = 30_000;
/** The longest wait that a timer takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class Renewal {
  readonly #renew: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(renew: () => void) {
    this.#renew = renew;
  }

  /** @param renewInMs not positive: overdue; `Infinity`: never */
  in(renewInMs: number): void {
    this.stop();
    if (renewInMs === Infinity) return;
    // A timer may come a moment early.
    const wait = Math.min(Math.max(Math.ceil(renewInMs) + 1, RENEW_AGAIN_MS), TIMER_MS_MAX);
    this.#timer = setTimeout(this.#renew, wait);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
