/** Waiting that ends when a check is called off. */

/** Rejects with the signal's reason as soon as it is aborted. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** `work`, or the signal's reason when that comes first. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([work, untilAborted(signal)]);
}

/** Resolves after `durationMs`; rejects when the signal is aborted. */
export function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return orAborted(new Promise<void>((resolve) => setTimeout(resolve, durationMs)), signal);
}

/** `work`, or `null` when it takes longer than `limitMs`. */
export function within<T>(work: Promise<T>, limitMs: number): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), limitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** An error's name and message, for the details of a check. */
export function explain(error: unknown): { error: string; message: string } {
  if (error instanceof Error || (typeof DOMException !== 'undefined' && error instanceof DOMException)) {
    return { error: error.name, message: error.message };
  }
  return { error: 'Error', message: String(error) };
}
