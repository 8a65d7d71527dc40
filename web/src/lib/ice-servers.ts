/** STUN and TURN servers with credentials: where they come from and how long they are good. */
import { iceServers } from './message';

/** Whoever waits for credentials goes on with the old ones after this time. */
const FETCH_TIMEOUT_MS = 5000;

export interface IceGrant {
  servers: RTCIceServer[];
  /** How long the credentials are good; `Infinity` when they do not end. */
  lifetimeMs: number;
}

/**
 * `GET /api/v1/ice`: fresh servers, whose credentials count for a room where one is named.
 * @throws Error with the server's own words when it refuses.
 */
export async function fetchIceServers(base: string, token: string | undefined, room?: string): Promise<IceGrant> {
  const url = new URL('/api/v1/ice', base);
  if (room !== undefined) url.searchParams.set('room', room);
  const response = await fetch(url, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    ...(token && { headers: { Authorization: `Bearer ${token}` } }),
  });
  const body: unknown = await response.json().catch(() => undefined);
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  if (!response.ok) throw new Error(refusal(fields['error']) ?? `HTTP ${response.status}`);
  const servers = iceServers(fields['iceServers']);
  const ends = servers.some((server) => server.username !== undefined) && typeof fields['ttlSeconds'] === 'number';
  return { servers, lifetimeMs: ends ? Number(fields['ttlSeconds']) * 1000 : Infinity };
}

/** Servers of a `joined`, which says only by their usernames (`expiry:id`, in seconds since 1970) how long they are good. */
export function grantOf(servers: RTCIceServer[], nowMs: number): IceGrant {
  const ends = servers.map((server) => /^(\d+):/.exec(server.username ?? '')?.[1]).filter((expiry) => expiry !== undefined);
  return { servers, lifetimeMs: Math.min(Infinity, ...ends.map((expiry) => Number(expiry) * 1000 - nowMs)) };
}

function refusal(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { message } = error as Record<string, unknown>;
  return typeof message === 'string' ? message : undefined;
}
