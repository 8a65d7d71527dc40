/** Checks 21 and 22: each way to the media server, by which everybody in a meeting is seen and heard. */
import type { Check } from '../context';
import { ignoresLoopbackServers } from '../browser/browser';
import { outcome, type CheckTextKey, type Outcome } from '../types';
import type { EchoTransport, Reach } from './echo';

export interface Reaches {
  readonly udp: Reach;
  readonly tcp: Reach;
}

const ADVICE: Readonly<Record<EchoTransport, CheckTextKey>> = { udp: 'advice.media.udp', tcp: 'advice.media.tcp' };

/** Why nothing could be measured, where the server said so before any packet went out. */
export function judgeRefusal({ status, refusal }: Reach): Outcome | null {
  const details = { status, refusal };
  if (refusal === 'media-unavailable') return outcome('info', 'verdict.media.none', { details });
  if (refusal === 'checks-busy' || status === 429) return outcome('skipped', 'verdict.media.busy', { advice: 'advice.media.busy', details });
  if (status === 401 || status === 403) return outcome('skipped', 'verdict.media.invitation', { advice: 'advice.turn.invitation', details });
  if (status < 200 || status > 299) return outcome('warn', 'verdict.media.no-answer', { values: { status }, advice: 'advice.again', details });
  return null;
}

/** `ignoresLoopback`: the browser goes to no address of its own machine, and the server has no other. */
export function judgeReach(reaches: Reaches, transport: EchoTransport, ignoresLoopback = false): Outcome {
  const reach = reaches[transport];
  const refused = judgeRefusal(reach);
  if (refused) return refused;
  const { offered, setupMs, roundTripMs } = reach;
  const details = { offered, setupMs, roundTripMs };
  const name = transport.toUpperCase();
  if (offered === 0) return outcome('info', 'verdict.media.none-offered', { values: { name }, details });
  if (setupMs !== null && roundTripMs !== null) {
    return outcome('pass', 'verdict.media.ok', { values: { name, setup: Math.round(setupMs), ms: Math.round(roundTripMs) }, details });
  }
  if (ignoresLoopback) return outcome('info', 'verdict.media.loopback', { details });
  const another = reaches[transport === 'udp' ? 'tcp' : 'udp'].roundTripMs !== null;
  const verdict = setupMs === null ? 'verdict.media.shut' : 'verdict.media.silent';
  return outcome(another ? 'warn' : 'fail', verdict, { values: { name }, advice: another ? ADVICE[transport] : 'advice.media.shut', details });
}

function reachCheck(transport: EchoTransport): Check {
  return {
    id: `media-${transport}`,
    group: 'net',
    timeoutMs: 12_000,
    run: async ({ network }) => {
      const loopback = ignoresLoopbackServers(navigator.userAgent) && /^(?:localhost|127\.|\[::1\])/.test(location.hostname);
      return judgeReach(await network.reaches(), transport, loopback);
    },
  };
}

export const mediaUdp = reachCheck('udp');
export const mediaTcp = reachCheck('tcp');
