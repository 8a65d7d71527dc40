/** Where we are, as a signal, and how to go elsewhere without loading the page again. */
import { computed, signal } from '@preact/signals';

export type Route =
  | { page: 'home' }
  | { page: 'room'; room: string }
  | { page: 'check' }
  | { page: 'unknown' };

const address = signal(location.pathname + location.search);

/** The route of a path; a trailing slash does not matter. */
export function routeOf(path: string): Route {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.length === 0) return { page: 'home' };
  if (parts.length === 1 && parts[0] === 'check') return { page: 'check' };
  if (parts.length === 2 && parts[0] === 'r' && parts[1]) {
    try {
      return { page: 'room', room: decodeURIComponent(parts[1]) };
    } catch {
      return { page: 'unknown' };
    }
  }
  return { page: 'unknown' };
}

export const route = computed<Route>(() => routeOf(address.value.split('?')[0] ?? '/'));

/** Goes to a path of this site. */
export function navigate(path: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', path);
  else history.replaceState(null, '', path);
  address.value = location.pathname + location.search;
  scrollTo(0, 0);
}

/** The path of a room's page. */
export function roomPath(room: string): string {
  return `/r/${encodeURIComponent(room)}`;
}

addEventListener('popstate', () => {
  address.value = location.pathname + location.search;
});
