/** Finds people by a part of their name. */

/** With fewer others than this, everybody is in sight. */
export const SEARCH_FROM = 10;

/** What is compared of a name: neither case nor accents, so that "jose" finds "José". */
function plain(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase().trim();
}

/** Whether every word of `wanted` is in `name`. */
export function nameMatches(name: string, wanted: string): boolean {
  const given = plain(name);
  return plain(wanted)
    .split(/\s+/)
    .every((word) => given.includes(word));
}
