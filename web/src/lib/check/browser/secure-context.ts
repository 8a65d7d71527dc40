/** Check 1: browsers hand out camera and microphone only to pages that came over a trustworthy connection. */
import type { Check } from '../context';
import { outcome, type Outcome } from '../types';

export interface Connection {
  readonly secure: boolean;
  readonly protocol: string;
  readonly host: string;
  /** The same page over HTTPS, when the server says where that is. */
  readonly httpsUrl: string | null;
}

export function judgeConnection({ secure, protocol, host, httpsUrl }: Connection): Outcome {
  const details = { secure, protocol, host };
  if (!secure && httpsUrl !== null) {
    return outcome('fail', 'verdict.secure-context.plain', {
      advice: 'advice.secure-context.url',
      adviceValues: { url: httpsUrl },
      details,
    });
  }
  if (!secure) {
    return outcome('fail', 'verdict.secure-context.plain', { advice: 'advice.secure-context.https', details });
  }
  if (protocol === 'http:') return outcome('pass', 'verdict.secure-context.local', { details });
  return outcome('pass', 'verdict.secure-context.ok', { details });
}

export const secureContext: Check = {
  id: 'secure-context',
  group: 'browser',
  timeoutMs: 3_000,
  run: async ({ network }) => {
    const { protocol, host, hostname, pathname } = globalThis.location;
    const secure = globalThis.isSecureContext;
    const port = secure ? null : ((await network.info().catch(() => null))?.httpsPort ?? null);
    const httpsUrl = port === null ? null : `https://${hostname}:${port}${pathname}`;
    return judgeConnection({ secure, protocol, host, httpsUrl });
  },
};
