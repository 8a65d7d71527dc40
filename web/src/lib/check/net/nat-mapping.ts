/**
 * Check 18: how the router between this browser and the server maps addresses (RFC 4787 section 4.1). One socket asks
 * two ports of the server; a browser reports the two answers as one candidate when they are equal.
 */
import type { Check } from '../context';
import { outcome, type Outcome } from '../types';
import type { Found, Gathering } from './gathering';

export type Mapping =
  /** Both ports saw the same address: a direct call is likely. */
  | 'endpoint-independent'
  /** Each port saw another one ("symmetric"): a direct call needs the other side to be easy. */
  | 'endpoint-dependent'
  /** The server sees the browser's own address. */
  | 'none'
  | 'unknown';

/** Why nothing can be said. */
export type Doubt = 'one-port' | 'incomplete' | 'unanswered' | 'ambiguous';

const family = ({ address }: Found) => (address.includes(':') ? 'ipv6' : 'ipv4');

export function classifyMapping({ urls, found, errors, complete }: Gathering): { mapping: Mapping; doubt: Doubt | null } {
  const unknown = (doubt: Doubt) => ({ mapping: 'unknown', doubt }) as const;
  const reflexive = found.filter(({ type }) => type === 'srflx');
  const sockets = new Map<string, Set<string>>();
  for (const candidate of reflexive) {
    const socket = candidate.base ?? family(candidate);
    sockets.set(socket, (sockets.get(socket) ?? new Set()).add(`${candidate.address} ${candidate.port}`));
  }
  const several = [...sockets].filter(([, mapped]) => mapped.size > 1).map(([socket]) => socket);
  const hosts = found.filter(({ type }) => type === 'host');
  // Without its base a second mapping may as well be a second network interface.
  const certain = several.filter((socket) => !/^ipv[46]$/.test(socket) || hosts.length <= sockets.size);
  if (certain.length > 0) return { mapping: 'endpoint-dependent', doubt: null };
  if (several.length > 0) return unknown('ambiguous');
  if (urls.length < 2) return unknown('one-port');
  if (!complete) return unknown('incomplete');
  if (errors.length > 0) return unknown('unanswered');
  if (reflexive.length > 0) return { mapping: 'endpoint-independent', doubt: null };
  return hosts.length > 0 ? { mapping: 'none', doubt: null } : unknown('unanswered');
}

export function judgeMapping(gathering: Gathering): Outcome {
  const { mapping, doubt } = classifyMapping(gathering);
  const details = {
    mapping,
    doubt,
    urls: gathering.urls,
    mapped: gathering.found.filter(({ type }) => type === 'srflx').map(({ address, port, base }) => ({ address, port, base })),
  };
  switch (mapping) {
    case 'endpoint-independent':
      // Where the browser hides the local address, an address without any translation looks the same.
      return details.mapped.every(({ base }) => base === null)
        ? outcome('info', 'verdict.nat-mapping.independent-or-none', { details })
        : outcome('info', 'verdict.nat-mapping.independent', { details });
    case 'endpoint-dependent':
      return outcome('info', 'verdict.nat-mapping.dependent', { advice: 'advice.nat-mapping.dependent', details });
    case 'none':
      return outcome('info', 'verdict.nat-mapping.none', { details });
    case 'unknown':
      return outcome('info', 'verdict.nat-mapping.unknown', { details });
  }
}

export const natMapping: Check = {
  id: 'nat-mapping',
  group: 'net',
  timeoutMs: 12_000,
  run: async ({ network }) => judgeMapping(await network.gathering()),
};
