/** Check 3: two connections in this page find each other and pass a message, without any server. */
import type { Check } from '../context';
import { PeerPair } from '../net/peer-pair';
import { round } from '../statistics';
import { outcome, type Outcome } from '../types';

export interface Loopback {
  /** From the offer to the open channel; `null` when it never opened. */
  readonly setupMs: number | null;
  readonly roundTripMs: number | null;
  readonly connectionState: string;
  /** Candidate types that came up: none at all means that the browser's network access is shut. */
  readonly candidates: readonly string[];
}

export function judgeLoopback({ setupMs, roundTripMs, connectionState, candidates }: Loopback): Outcome {
  const details = { setupMs, roundTripMs, connectionState, candidates };
  if (setupMs !== null) return outcome('pass', 'verdict.peer-connection.ok', { values: { ms: Math.round(setupMs) }, details });
  if (candidates.length === 0) {
    return outcome('fail', 'verdict.peer-connection.no-network', { advice: 'advice.peer-connection.policy', details });
  }
  // Browsers hide local addresses behind names that only a network with multicast can resolve; relayed calls still work.
  return outcome('info', 'verdict.peer-connection.hidden', { details });
}

/** A loopback needs milliseconds; what has not connected by then will not. */
const CONNECT_LIMIT_MS = 5_000;

export const peerConnection: Check = {
  id: 'peer-connection',
  group: 'browser',
  timeoutMs: 7_000,
  run: async ({ signal }) => {
    if (!('RTCPeerConnection' in globalThis)) {
      return outcome('fail', 'verdict.peer-connection.absent', { advice: 'advice.browser.known' });
    }
    const pair = new PeerPair({}, signal);
    const result = await pair.connect(CONNECT_LIMIT_MS);
    const roundTrips = result === null ? [] : await pair.echo(1);
    const { connectionState, candidateTypes } = pair;
    pair.close();
    return judgeLoopback({
      setupMs: result === null ? null : round(result),
      roundTripMs: roundTrips[0] ?? null,
      connectionState,
      candidates: candidateTypes,
    });
  },
};
