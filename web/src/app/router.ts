/** Where we are, as a signal, and how to go elsewhere without loading the page again. */
import { computed, signal } from '@preact/signals';

export type Route =
  | { page: 'home' }
  | { page: 'room'; room: string }
  | { page: 'check' }
  | { page: 'admin'; room: string | null }
  | { page: 'live' }
  /** What stands behind `/live/`, as it stands there. */
  | { page: 'watch'; path: string }
  | { page: 'studio' }
  | { page: 'recordings' }
  | { page: 'unknown' };

const address = signal(location.pathname + location.search);

/** The route of a path; a trailing slash does not matter. */
function routeOf(path: string): Route {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.length === 0) return { page: 'home' };
  if (parts.length === 1 && parts[0] === 'check') return { page: 'check' };
  if (parts.length === 1 && parts[0] === 'admin') return { page: 'admin', room: null };
  if (parts.length === 1 && parts[0] === 'studio') return { page: 'studio' };
  if (parts.length === 1 && parts[0] === 'recordings') return { page: 'recordings' };
  if (parts[0] === 'live') return parts.length === 1 ? { page: 'live' } : { page: 'watch', path: parts.slice(1).join('/') };
  const isAdmin = parts[0] === 'admin';
  const [word, name] = isAdmin ? parts.slice(1) : parts;
  if (parts.length !== (isAdmin ? 3 : 2) || word !== 'r' || !name) return { page: 'unknown' };
  try {
    return { page: isAdmin ? 'admin' : 'room', room: decodeURIComponent(name) };
  } catch {
    return { page: 'unknown' };
  }
}

export const route = computed<Route>(() => routeOf(address.value.split('?')[0] ?? '/'));

let mayLeave: (() => boolean) | undefined;

/** Asks before another page of this site is opened, until the returned function is called. */
export function holdPage(ask: () => boolean): () => void {
  mayLeave = ask;
  return () => {
    if (mayLeave === ask) mayLeave = undefined;
  };
}

/** Goes to a path of this site. */
export function navigate(path: string, how: 'push' | 'replace' = 'push'): void {
  if (mayLeave && !mayLeave()) return;
  if (how === 'push') history.pushState(null, '', path);
  else history.replaceState(null, '', path);
  address.value = location.pathname + location.search;
  scrollTo(0, 0);
}

/** The path of a room's page. */
export function roomPath(room: string): string {
  return `/r/${encodeURIComponent(room)}`;
}

/** The path of a room's page for whoever looks after the server. */
export function adminPath(room: string | null): string {
  return room === null ? '/admin' : `/admin${roomPath(room)}`;
}

addEventListener('popstate', () => {
  address.value = location.pathname + location.search;
});
