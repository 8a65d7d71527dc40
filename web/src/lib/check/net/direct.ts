/** Check 20: whether two ends on this very machine connect by their local and by their public addresses. */
import type { Check } from '../context';
import { round } from '../statistics';
import { outcome, type Outcome } from '../types';
import { PeerPair } from './peer-pair';

export interface DirectFindings {
  /** Setup over host candidates alone; `null` when it did not connect. */
  readonly hostMs: number | null;
  /** Setup over reflexive candidates alone, which needs a router that hairpins. */
  readonly reflexiveMs: number | null;
  readonly reflexiveFound: boolean;
}

export function judgeDirect({ hostMs, reflexiveMs, reflexiveFound }: DirectFindings): Outcome {
  const details = { hostMs, reflexiveMs, reflexiveFound };
  if (hostMs !== null && reflexiveMs !== null) return outcome('info', 'verdict.direct.both', { details });
  if (hostMs !== null) return outcome('info', 'verdict.direct.host', { details });
  if (reflexiveMs !== null) return outcome('info', 'verdict.direct.reflexive', { details });
  return outcome('info', 'verdict.direct.none', { details });
}

const CONNECT_LIMIT_MS = 5_000;

interface Attempt {
  readonly setupMs: number | null;
  readonly found: boolean;
}

async function attempt(type: RTCIceCandidateType, urls: readonly string[], signal: AbortSignal): Promise<Attempt> {
  const iceServers = urls.map((url) => ({ urls: url }));
  const pair = new PeerPair({ iceServers }, signal, (candidate) => candidate.type === type);
  try {
    const setupMs = await pair.connect(CONNECT_LIMIT_MS);
    return { setupMs: setupMs === null ? null : round(setupMs), found: pair.candidateTypes.includes(type) };
  } finally {
    pair.close();
  }
}

export const direct: Check = {
  id: 'direct',
  group: 'net',
  timeoutMs: 12_000,
  run: async ({ network, signal }) => {
    const info = await network.info().catch(() => null);
    const [host, reflexive] = await Promise.all([
      attempt('host', [], signal),
      attempt('srflx', info?.stun.slice(0, 1) ?? [], signal),
    ]);
    return judgeDirect({ hostMs: host.setupMs, reflexiveMs: reflexive.setupMs, reflexiveFound: reflexive.found });
  },
};
