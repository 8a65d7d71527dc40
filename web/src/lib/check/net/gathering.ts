/** Gathers candidates from STUN and keeps what tells about the network between this browser and the server. */
import { explain } from '../abort';
import type { GatheringError } from './peer-pair';

/** One UDP candidate of type host or srflx. */
export interface Found {
  readonly type: 'host' | 'srflx';
  /** An address, or the name that hides it (`….local`). */
  readonly address: string;
  readonly port: number;
  /** The local address behind an srflx candidate; `null` when the browser hides it. */
  readonly base: string | null;
}

export interface Gathering {
  readonly urls: readonly string[];
  readonly found: readonly Found[];
  readonly errors: readonly GatheringError[];
  /** All servers answered or were given up; without it an absence proves nothing. */
  readonly complete: boolean;
  readonly firstReflexiveMs: number | null;
  readonly elapsedMs: number;
}

/** A browser gives up on a silent STUN server after about 9.5 s; wait for that, so that silence becomes an error and not a guess. */
const GATHERING_LIMIT_MS = 10_500;
/** Candidates kept: a machine with many interfaces has dozens. */
const FOUND_MAX = 64;

/** Reads a candidate; `null` for those that say nothing about UDP paths. */
export function readCandidate(candidate: RTCIceCandidate): Found | null {
  const { type, protocol, address, port, relatedAddress, relatedPort } = candidate;
  if ((type !== 'host' && type !== 'srflx') || protocol !== 'udp') return null;
  if (!address || port === null) return null;
  // Browsers that hide local addresses write 0.0.0.0 or :: and port 0 or 9 here.
  const hidden = !relatedAddress || /^(0\.0\.0\.0|::)$/.test(relatedAddress) || relatedPort === null;
  // Chromium writes IPv6 host addresses in brackets.
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  return { type, address: bare, port, base: type === 'srflx' && !hidden ? `${relatedAddress} ${relatedPort}` : null };
}

export async function gather(urls: readonly string[], signal: AbortSignal): Promise<Gathering> {
  const found: Found[] = [];
  const errors: GatheringError[] = [];
  let complete = false;
  let firstReflexiveMs: number | null = null;
  const startedMs = performance.now();
  const elapsed = () => Math.round(performance.now() - startedMs);
  const connection = new RTCPeerConnection({ iceServers: urls.map((url) => ({ urls: url })) });
  try {
    connection.createDataChannel('check');
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, GATHERING_LIMIT_MS);
      const settle = () => {
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener('abort', settle, { once: true });
      connection.onicecandidateerror = ({ url, errorCode, errorText }) => {
        if (errors.length < FOUND_MAX) errors.push({ url, code: errorCode, text: errorText });
      };
      connection.onicecandidate = ({ candidate }) => {
        if (candidate === null) {
          complete = true;
          return settle();
        }
        const read = readCandidate(candidate);
        if (read === null || found.length >= FOUND_MAX) return;
        if (read.type === 'srflx') firstReflexiveMs ??= elapsed();
        found.push(read);
      };
      connection.setLocalDescription().catch(reject);
    });
  } catch (error) {
    errors.push({ url: '', code: 0, text: explain(error).message });
  } finally {
    connection.close();
  }
  return { urls, found, errors, complete, firstReflexiveMs, elapsedMs: elapsed() };
}
