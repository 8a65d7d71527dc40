/** Check 17: whether UDP reaches the server and comes back, and which public address it comes from. */
import type { Check } from '../context';
import { ignoresLoopbackServers } from '../browser/browser';
import { outcome, type Outcome } from '../types';
import { onLoopback } from './bench';
import type { Gathering } from './gathering';

export interface StunFindings {
  readonly gathering: Gathering;
  /** A relay transport works, so that calls come about without STUN. */
  readonly relayed: boolean;
  /** The browser uses no server on its own machine. */
  readonly ignoresLoopback: boolean;
}

const isIpv6 = (address: string) => address.includes(':');
const isHidden = (address: string) => address.endsWith('.local');

/** A reflexive address equal to the host's own is not reported by browsers: no error and a complete gathering mean that it answered. */
export function answered({ urls, found, errors, complete }: Gathering): boolean {
  if (found.some(({ type }) => type === 'srflx')) return true;
  const silent = new Set(errors.map(({ url }) => url.split('?')[0]));
  return complete && found.length > 0 && urls.some((url) => !silent.has(url.split('?')[0]));
}

export function judgeStun({ gathering, relayed, ignoresLoopback }: StunFindings): Outcome {
  const { urls, found, errors, complete, firstReflexiveMs, elapsedMs } = gathering;
  const reflexive = [...new Set(found.filter(({ type }) => type === 'srflx').map(({ address }) => address))];
  const hosts = [...new Set(found.filter(({ type }) => type === 'host').map(({ address }) => address))];
  const details = {
    urls,
    publicAddresses: reflexive,
    hostAddresses: hosts,
    ipv6: [...hosts, ...reflexive].some((address) => !isHidden(address) && isIpv6(address)),
    addressesHidden: hosts.some(isHidden),
    firstReflexiveMs,
    complete,
    elapsedMs,
    errors: errors.map(({ url, code, text }) => ({ url, code, text })),
  };
  if (urls.length === 0) return outcome('info', 'verdict.stun.none-offered', { advice: 'advice.stun.operator', details });
  const [first] = reflexive;
  if (first !== undefined) return outcome('pass', 'verdict.stun.ok', { values: { address: reflexive.join(', ') }, details });
  if (answered(gathering)) return outcome('pass', 'verdict.stun.same-address', { details });
  if (ignoresLoopback && onLoopback(urls)) return outcome('info', 'verdict.stun.loopback', { details });
  if (relayed) return outcome('warn', 'verdict.stun.relay-only', { advice: 'advice.stun.firewall', details });
  return outcome('fail', 'verdict.stun.shut', { advice: 'advice.stun.firewall', details });
}

export const stun: Check = {
  id: 'stun',
  group: 'net',
  timeoutMs: 14_000,
  run: async ({ network }) => {
    const gathering = await network.gathering();
    // The relays matter only when STUN fails, and then their own time limits are shorter than the gathering's.
    const relayed = !answered(gathering) && Object.values(await network.relays()).some((relay) => relay.setupMs !== null);
    return judgeStun({ gathering, relayed, ignoresLoopback: ignoresLoopbackServers(navigator.userAgent) });
  },
};
