/** `GET /api/v1/ice`: fresh STUN and TURN servers with credentials. */
import { iceServers } from './message';

/** @throws Error with the server's own words when it refuses. */
export async function fetchIceServers(base: string, token: string | undefined): Promise<RTCIceServer[]> {
  const response = await fetch(new URL('/api/v1/ice', base), token ? { headers: { Authorization: `Bearer ${token}` } } : {});
  const body: unknown = await response.json().catch(() => undefined);
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  if (!response.ok) throw new Error(refusal(fields['error']) ?? `HTTP ${response.status}`);
  return iceServers(fields['iceServers']);
}

function refusal(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { message } = error as Record<string, unknown>;
  return typeof message === 'string' ? message : undefined;
}
