// The one place that waits for the real world: for a condition, never for time to pass.
import { setTimeout as pause } from 'node:timers/promises';

const STEP_MS = 50;

/** Waits until `condition` holds; fails with `what` after `limitMs`. */
export async function waitUntil(limitMs: number, what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await pause(STEP_MS);
  }
}
