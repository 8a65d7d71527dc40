/** What a person types or pastes to get into a room. */

/** The server's limit for a room id, in bytes of UTF-8. */
export const ROOM_ID_BYTES_MAX = 128;

/** True for what the server accepts as a room id: 1 to 128 bytes, no control characters. */
export function isRoomId(text: string): boolean {
  const bytes = new TextEncoder().encode(text).length;
  return bytes > 0 && bytes <= ROOM_ID_BYTES_MAX && !/\p{Cc}/u.test(text);
}

/**
 * The room id in a code (`abc-defg-hij`, also without dashes or in capitals, also the numbers of old clients) or in a link
 * (`https://host/r/abc-defg-hij?…`). `undefined` when there is none.
 */
export function parseRoomId(input: string): string | undefined {
  const text = input.trim();
  const path = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?\/?r\/([^/?#]+)/i.exec(text)?.[1];
  if (path !== undefined) return decoded(path);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || text.includes('/')) return undefined;
  const letters = text.replace(/[\s-]+/g, '').toLowerCase();
  if (/^[a-z]{10}$/.test(letters)) return `${letters.slice(0, 3)}-${letters.slice(3, 7)}-${letters.slice(7)}`;
  return isRoomId(text) ? text : undefined;
}

/** What a link of this site (`origin`) asks for, with its `?`, such as the token of an invitation; empty for all other input. */
export function parseRoomQuery(input: string, origin: string): string {
  const text = input.trim();
  if (!URL.canParse(text, origin)) return '';
  const { origin: site, pathname, search } = new URL(text, origin);
  return site === origin && /^\/r\/[^/]/i.test(pathname) ? search : '';
}

function decoded(part: string): string | undefined {
  try {
    const room = decodeURIComponent(part);
    return isRoomId(room) ? room : undefined;
  } catch {
    return undefined;
  }
}
