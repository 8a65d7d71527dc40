/** Check 16: the line that rings the other side: does it open, and how long is a message under way. */
import { explain, orAborted } from '../abort';
import type { Check } from '../context';
import { round, spread } from '../statistics';
import { outcome, type Outcome } from '../types';

export interface WebSocketFindings {
  /** From the request to the open socket; `null` when it never opened. */
  readonly openMs: number | null;
  readonly roundTripsMs: readonly number[];
  /** The close code when the server ended it. */
  readonly closeCode: number | null;
  readonly secure: boolean;
}

export const PINGS = 20;
/** Above this, signalling is noticeably late: buttons seem dead and an ICE restart takes seconds. */
export const SLOW_MS = 300;
/** Twenty slow round trips would take too long; this many seconds of them say the same. */
const PINGS_LIMIT_MS = 6_000;
const OPEN_LIMIT_MS = 6_000;
/** Enough to keep under any server's limit on messages per second. */
const GAP_MS = 50;

export function judgeWebSocket({ openMs, roundTripsMs, closeCode, secure }: WebSocketFindings): Outcome {
  const roundTrip = spread(roundTripsMs);
  const details = {
    openMs,
    closeCode,
    secure,
    roundTripMs: roundTrip ? { ...roundTrip } : null,
    sent: PINGS,
  };
  if (openMs === null) return outcome('fail', 'verdict.websocket.shut', { advice: 'advice.websocket.proxy', details });
  if (roundTrip === null) return outcome('fail', 'verdict.websocket.silent', { advice: 'advice.websocket.proxy', details });
  const ms = Math.round(roundTrip.median);
  if (roundTrip.median > SLOW_MS) {
    return outcome('warn', 'verdict.websocket.slow', { values: { ms }, advice: 'advice.websocket.slow', details });
  }
  return outcome('pass', 'verdict.websocket.ok', { values: { ms, max: Math.round(roundTrip.max) }, details });
}

function opened(socket: WebSocket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), OPEN_LIMIT_MS);
    const settle = (value: boolean) => () => {
      clearTimeout(timer);
      resolve(value);
    };
    socket.onopen = settle(true);
    socket.onerror = settle(false);
  });
}

/** Milliseconds until the pong, or `null` when the socket closed or the time is up. */
function ping(socket: WebSocket, id: string, limitMs: number): Promise<number | null> {
  return new Promise((resolve) => {
    const sentMs = performance.now();
    const timer = setTimeout(() => resolve(null), limitMs);
    const settle = (value: number | null) => {
      clearTimeout(timer);
      resolve(value);
    };
    socket.addEventListener('close', () => settle(null), { once: true });
    socket.onmessage = ({ data }) => {
      if (isPong(data, id)) settle(round(performance.now() - sentMs));
    };
    socket.send(JSON.stringify({ cmd: 'ping', id }));
  });
}

/** A connection that has not joined speaks the old dialect, whose pong has no id; with one ping under way at a time it is ours. */
export function isPong(data: unknown, id: string): boolean {
  if (typeof data !== 'string') return false;
  try {
    const message = JSON.parse(data) as { cmd?: unknown; id?: unknown } | null;
    return message?.cmd === 'pong' && (message.id === undefined || message.id === id);
  } catch {
    return false;
  }
}

async function roundTrips(socket: WebSocket): Promise<readonly number[]> {
  const endsMs = performance.now() + PINGS_LIMIT_MS;
  const found: number[] = [];
  for (let id = 1; id <= PINGS && performance.now() < endsMs && socket.readyState === socket.OPEN; id += 1) {
    const roundTripMs = await ping(socket, String(id), endsMs - performance.now());
    if (roundTripMs === null) break;
    found.push(roundTripMs);
    await new Promise((resolve) => setTimeout(resolve, GAP_MS));
  }
  return found;
}

export const websocket: Check = {
  id: 'websocket',
  group: 'net',
  timeoutMs: 13_000,
  alone: true,
  run: async ({ signal }) => {
    const { protocol, host } = globalThis.location;
    const secure = protocol === 'https:';
    const startedMs = performance.now();
    let closeCode: number | null = null;
    let socket: WebSocket;
    try {
      socket = new WebSocket(`${secure ? 'wss' : 'ws'}://${host}/ws`);
    } catch (error) {
      const details = { ...explain(error), secure };
      return outcome('fail', 'verdict.websocket.shut', { advice: 'advice.websocket.proxy', details });
    }
    socket.addEventListener('close', ({ code }) => {
      closeCode = code;
    });
    try {
      const open = await orAborted(opened(socket), signal);
      const openMs = open ? round(performance.now() - startedMs) : null;
      const roundTripsMs = open ? await orAborted(roundTrips(socket), signal) : [];
      return judgeWebSocket({ openMs, roundTripsMs, closeCode, secure });
    } finally {
      socket.close();
    }
  },
};
