/** The operator's token: for this tab only, and never in an address that stays. */
import { signal } from '@preact/signals';

const KEY = 'parlor.admin';

/** Null: nobody has signed in. */
export const token = signal<string | null>(stored());

/** A link of `parlor admin` has the token behind the `#`, where it is not sent to any server. It is taken out of the address at once. */
export function takeFromAddress(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!given) return;
  history.replaceState(null, '', location.pathname + location.search);
  signIn(given);
}

export function signIn(given: string): void {
  token.value = given;
  try {
    sessionStorage.setItem(KEY, given);
  } catch {
    // It then lasts as long as the page.
  }
}

export function signOut(): void {
  token.value = null;
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was stored.
  }
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
