/** Reading what comes from the wire: every value is of unknown shape until it has passed one of these. */

export type Fields = Record<string, unknown>;

/** Ids are texts; old clients send numbers, which are the same id. */
export function id(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return optionalText(value);
}

export function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The entries of a list that can be read; the others are left out. */
export function listOf<T>(value: unknown, read: (fields: Fields) => T | undefined): T[] {
  const found: T[] = [];
  for (const entry of list(value)) {
    const one = isFields(entry) ? read(entry) : undefined;
    if (one !== undefined) found.push(one);
  }
  return found;
}

/** `value` if it is one of `allowed`. */
export function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((candidate) => candidate === value);
}
