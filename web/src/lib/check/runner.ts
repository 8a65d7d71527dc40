/** Runs the checks: in order, each within its time, the whole within its own. */
import { explain, orAborted } from './abort';
import type { Check, CheckContext, Surroundings } from './context';
import { MediaBench } from './media/bench';
import { NetworkBench } from './net/bench';
import { outcome, type CheckGroup, type CheckId, type CheckState, type Outcome } from './types';

/** A support script waits this long at most. */
export const AUTO_LIMIT_MS = 40_000;
/** A person's patience, and time to answer the browser's question for the camera. */
const ATTENDED_LIMIT_MS = 60_000;

export interface RunnerOptions {
  readonly checks: readonly Check[];
  readonly surroundings: Surroundings;
  /** Tells of every change; `states` is a fresh array each time. */
  readonly onChange: (states: readonly CheckState[]) => void;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** For servers that ask for an invitation. */
  readonly token: string | null;
}

/** Why a check was called off; becomes its verdict. */
class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

class Stopped extends Error {
  override readonly name = 'Stopped';
}

export class CheckRunner {
  #options: RunnerOptions;
  #states: Map<CheckId, CheckState>;
  #running: AbortController | null = null;
  #serverVersion: string | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#states = new Map(options.checks.map(({ id, group }) => [id, idle(id, group)]));
  }

  /** Of the server that was last asked. */
  get serverVersion(): string | null {
    return this.#serverVersion;
  }

  /** The checks of the last run, in the order of the registry. */
  get states(): readonly CheckState[] {
    return [...this.#states.values()];
  }

  /** Runs every check of the groups once. Resolves when all have a verdict. */
  async runAll(groups: readonly CheckGroup[], auto: boolean): Promise<void> {
    const chosen = this.#options.checks.filter(({ group }) => groups.includes(group));
    this.#states = new Map(chosen.map(({ id, group }) => [id, idle(id, group)]));
    this.#options.onChange(this.states);
    await this.#session(auto, false, auto ? AUTO_LIMIT_MS : ATTENDED_LIMIT_MS, async (context) => {
      const lane = (group: CheckGroup) => chosen.filter((check) => check.group === group);
      await this.#inOrder(lane('browser'), context);
      await Promise.all([this.#inOrder(lane('media'), context), this.#network(lane('net'), context)]);
    });
  }

  /** Runs one check, and those that it unlocks, because the person clicked for it. */
  async runOne(id: CheckId): Promise<void> {
    const check = this.#options.checks.find((candidate) => candidate.id === id);
    if (!check) return;
    const unlocked = this.#options.checks.filter((other) => check.unlocks?.includes(other.id) && this.#states.has(other.id));
    await this.#session(false, true, ATTENDED_LIMIT_MS, (context) => this.#inOrder([check, ...unlocked], context));
  }

  /** Calls everything off; what runs or waits gets the verdict "stopped". */
  stop(): void {
    this.#running?.abort(new Stopped());
  }

  async #session(
    auto: boolean,
    gesture: boolean,
    limitMs: number,
    work: (context: CheckContext) => Promise<void>,
  ): Promise<void> {
    this.stop();
    const controller = new AbortController();
    this.#running = controller;
    const timer = setTimeout(() => controller.abort(new OutOfTime()), limitMs);
    const { surroundings, token } = this.#options;
    const media = new MediaBench(auto);
    const network = new NetworkBench({ token, signal: controller.signal });
    network.info().then(
      ({ version }) => {
        this.#serverVersion = version;
      },
      // The checks that need the server say so themselves.
      () => undefined,
    );
    try {
      await work({ signal: controller.signal, gesture, surroundings, media, network, progress: () => undefined });
    } finally {
      clearTimeout(timer);
      media.close();
      if (this.#running === controller) this.#running = null;
      controller.abort(new OutOfTime());
    }
  }

  async #inOrder(checks: readonly Check[], context: CheckContext): Promise<void> {
    for (const check of checks) await this.#run(check, context);
  }

  /** What measures has the network to itself; the others wait for timeouts and may wait together. */
  async #network(checks: readonly Check[], context: CheckContext): Promise<void> {
    const together: Promise<void>[] = [];
    for (const check of checks) {
      if (check.alone) await Promise.all(together.splice(0));
      const run = this.#run(check, context);
      if (check.alone) await run;
      else together.push(run);
    }
    await Promise.all(together);
  }

  async #run(check: Check, session: CheckContext): Promise<void> {
    const { id, group } = check;
    // A repeated check keeps what it found last until it knows better, so that an open list of numbers stays open.
    const last = this.#states.get(id)?.outcome ?? null;
    this.#set({ id, group, status: 'running', outcome: last, durationMs: null });
    const startedMs = this.#options.now();
    const progress = (share: number) => this.#progress(id, share);
    const found = await this.#found(check, { ...session, progress });
    const durationMs = Math.round(this.#options.now() - startedMs);
    this.#set({ id, group, status: found.status, outcome: found, durationMs });
  }

  async #found(check: Check, session: CheckContext): Promise<Outcome> {
    const controller = new AbortController();
    const stop = () => controller.abort(session.signal.reason);
    session.signal.addEventListener('abort', stop, { once: true });
    if (session.signal.aborted) stop();
    const timer = setTimeout(() => controller.abort(new OutOfTime()), check.timeoutMs);
    const context = { ...session, signal: controller.signal };
    try {
      controller.signal.throwIfAborted();
      if (check.gesture && !session.gesture) return check.precheck?.(context) ?? outcome('skipped', 'verdict.skipped');
      return await orAborted(Promise.resolve(check.run(context)), controller.signal);
    } catch (error) {
      if (error instanceof Stopped) return outcome('skipped', 'verdict.stopped');
      if (error instanceof OutOfTime) return outcome('warn', 'verdict.timeout', { advice: 'advice.again' });
      return outcome('warn', 'verdict.broken', { advice: 'advice.again', details: explain(error) });
    } finally {
      clearTimeout(timer);
      session.signal.removeEventListener('abort', stop);
      controller.abort(new OutOfTime());
    }
  }

  /** In whole percents: finer steps would only draw the page anew. */
  #progress(id: CheckId, share: number): void {
    const state = this.#states.get(id);
    const progress = Math.round(Math.min(1, Math.max(0, share)) * 100) / 100;
    if (state?.status === 'running' && state.progress !== progress) this.#set({ ...state, progress });
  }

  #set(state: CheckState): void {
    this.#states.set(state.id, state);
    this.#options.onChange(this.states);
  }
}

function idle(id: CheckId, group: CheckGroup): CheckState {
  return { id, group, status: 'pending', outcome: null, durationMs: null };
}
