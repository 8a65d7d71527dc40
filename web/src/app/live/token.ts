/** The token for live streams: from the link, behind `?token=` or `#token=`, or typed in; for this tab only. */
import { signal } from '@preact/signals';

const KEY = 'parlor.live';

export const token = signal<string | undefined>(undefined);

/** Takes the token of this address, if there is one. It stays in the address, so that the page can be loaded again. */
export function takeFromAddress(): void {
  const given = new URLSearchParams(location.search).get('token') ?? new URLSearchParams(location.hash.slice(1)).get('token');
  token.value = given || kept();
}

export function enterToken(given: string): void {
  token.value = given;
  try {
    sessionStorage.setItem(KEY, given);
  } catch {
    // It then lasts as long as the page.
  }
}

function kept(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}
