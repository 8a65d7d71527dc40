import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PeerLink } from './peer-link';
import { FakeConnection } from './testing/fake-connection';

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('MediaStream', class {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('restarts ICE also where the browser cannot change the servers of a connection', async () => {
  const connection = new FakeConnection();
  Object.defineProperty(connection, 'setConfiguration', { value: undefined });
  const link = new PeerLink({
    offerer: true,
    older: true,
    dialect: 2,
    lease: { configuration: {}, renewInMs: Infinity },
    wishes: {},
    createConnection: () => connection as unknown as RTCPeerConnection,
    send: () => {},
    freshLease: async () => ({ configuration: { iceServers: [] }, renewInMs: Infinity }),
    troubled: () => {},
  });
  await vi.advanceTimersByTimeAsync(1);
  await link.restart();
  expect(connection.restarts).toBe(1);
  link.close();
});
