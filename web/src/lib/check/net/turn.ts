/** Check 19: each way to the relay. One that works is enough for calls; none at all means that only direct calls come about. */
import type { Check } from '../context';
import { ignoresLoopbackServers } from '../browser/browser';
import { outcome, type CheckTextKey, type Outcome } from '../types';
import { onLoopback } from './bench';
import { RELAY_TRANSPORTS, type RelayResults, type RelayTransport } from './relay';

const ADVICE: Readonly<Record<RelayTransport, CheckTextKey>> = {
  udp: 'advice.turn.udp',
  tcp: 'advice.turn.tcp',
  tls: 'advice.turn.tls',
};

const works = (results: RelayResults, transport: RelayTransport) => results[transport].roundTripMs !== null;

/** `ignoresLoopback`: the browser uses no server on its own machine. */
export function judgeRelay(results: RelayResults, transport: RelayTransport, ignoresLoopback = false): Outcome {
  const { urls, setupMs, roundTripMs, allocated, relayProtocol, errors, iceStatus } = results[transport];
  const name = { udp: 'UDP', tcp: 'TCP', tls: 'TLS' }[transport];
  const listed = errors.map(({ url, code, text }) => ({ url, code, text }));
  const details = { urls, setupMs, roundTripMs, allocated, relayProtocol, errors: listed, iceStatus };
  if (roundTripMs !== null && setupMs !== null) {
    const values = { name, setup: Math.round(setupMs), ms: Math.round(roundTripMs) };
    return outcome('pass', 'verdict.turn.ok', { values, details });
  }
  if (urls.length === 0 && (iceStatus === 401 || iceStatus === 403)) {
    return outcome('skipped', 'verdict.turn.invitation', { advice: 'advice.turn.invitation', details });
  }
  if (urls.length === 0 && iceStatus !== 200) {
    return outcome('fail', 'verdict.turn.no-answer', { values: { status: iceStatus }, advice: 'advice.again', details });
  }
  if (urls.length === 0) return outcome('info', 'verdict.turn.none-offered', { values: { name }, details });
  if (ignoresLoopback && onLoopback(urls)) return outcome('info', 'verdict.turn.loopback', { details });
  const another = RELAY_TRANSPORTS.some((other) => works(results, other));
  const advice = another ? ADVICE[transport] : 'advice.turn.none';
  const verdict = allocated ? 'verdict.turn.silent' : 'verdict.turn.shut';
  return outcome(another ? 'warn' : 'fail', verdict, { values: { name }, advice, details });
}

function relayCheck(transport: RelayTransport): Check {
  return {
    id: `turn-${transport}`,
    group: 'net',
    timeoutMs: 12_000,
    run: async ({ network }) => judgeRelay(await network.relays(), transport, ignoresLoopbackServers(navigator.userAgent)),
  };
}

export const turnUdp = relayCheck('udp');
export const turnTcp = relayCheck('tcp');
export const turnTls = relayCheck('tls');
