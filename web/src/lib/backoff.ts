/** How long to wait before the next attempt to reach the server. */

/** The first wait; each following one is twice as long. */
const FIRST_MS = 300;
/** No wait is longer: whoever has just come back to the network should not have to wait for us. */
const LONGEST_MS = 5000;
/** Each wait is shortened by up to this part, so that a room full of clients does not come back at one moment. */
const JITTER = 0.4;

/** The wait before attempt `attempt` (0 is the first), with `random` in [0, 1). */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(full * (1 - JITTER * random));
}
