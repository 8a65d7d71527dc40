import { afterEach, describe, expect, it, vi } from 'vitest';
import { fetchIceServers, grantOf } from './ice-servers';

afterEach(() => {
  vi.unstubAllGlobals();
});

const turn = (username: string): RTCIceServer => ({ urls: ['turn:192.0.2.1'], username, credential: 'c' });
const answer = (body: unknown, ok = true) => vi.stubGlobal('fetch', async () => ({ ok, status: ok ? 200 : 401, json: async () => body }));

describe('how long credentials are good', () => {
  it.each([
    ['until the expiry in the username', [turn('1000:k3')], 400_000],
    ['until the first of several ends', [turn('1000:k3'), turn('700:k3')], 100_000],
    ['for ever, when the username says nothing', [turn('guest')], Infinity],
    ['for ever, when there are none', [{ urls: ['stun:192.0.2.1'] }], Infinity],
  ])('%s', (_, servers, lifetimeMs) => {
    expect(grantOf(servers, 600_000).lifetimeMs).toBe(lifetimeMs);
  });

  it('is what the server says where it says it, whatever our clock shows', async () => {
    answer({ iceServers: [turn('1000:k3')], ttlSeconds: 43_200 });
    expect(await fetchIceServers('http://parlor.test', undefined)).toMatchObject({ lifetimeMs: 43_200_000 });
  });

  it('is for ever when there are no credentials', async () => {
    answer({ iceServers: [{ urls: ['stun:192.0.2.1'] }], ttlSeconds: 43_200 });
    expect(await fetchIceServers('http://parlor.test', undefined)).toMatchObject({ lifetimeMs: Infinity });
  });
});

describe('credentials', () => {
  it.each([
    ['a b/c', 'http://parlor.test/api/v1/ice?room=a+b%2Fc'],
    [undefined, 'http://parlor.test/api/v1/ice'],
  ])('count for the room %s', async (room, url) => {
    const ask = vi.fn(async (_url: URL) => ({ ok: true, status: 200, json: async () => ({}) }));
    vi.stubGlobal('fetch', ask);
    await fetchIceServers('http://parlor.test', undefined, room);
    expect(String(ask.mock.calls[0]?.[0])).toBe(url);
  });
});

describe('a refusal', () => {
  it('has the words of the server', async () => {
    answer({ error: { message: 'A token is needed.' } }, false);
    await expect(fetchIceServers('http://parlor.test', 'key')).rejects.toThrow('A token is needed.');
  });
});
