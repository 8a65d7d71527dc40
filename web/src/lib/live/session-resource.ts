/** A session of WHIP or WHEP as a client has it (RFC 9725): POST opens it, PATCH begins ICE anew, DELETE ends it. */
import { LiveProblem, askServer, bearer } from './problem';

const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';

export class SessionResource {
  #location: string | undefined;

  constructor(
    private readonly endpoint: string,
    private readonly token: string | undefined,
    private readonly ask: typeof fetch = (...request) => fetch(...request),
  ) {}

  get isOpen(): boolean {
    return this.#location !== undefined;
  }

  /** The answer to an offer. */
  async open(offer: string, signal: AbortSignal): Promise<string> {
    const response = await askServer(this.ask, this.endpoint, { method: 'POST', headers: { ...bearer(this.token), 'content-type': SDP, accept: SDP }, body: offer, signal });
    const location = response.headers.get('location');
    // A path of its own on the same server, so whatever it says it is asked there.
    if (location !== null) this.#location = new URL(location, response.url || this.endpoint).href;
    return response.text();
  }

  /** The server's end of the next ICE session, for the credentials of a new offer. */
  async restart(offer: string, signal: AbortSignal): Promise<IceEnd> {
    if (this.#location === undefined) throw new LiveProblem('no-session');
    const headers = { ...bearer(this.token), 'content-type': FRAGMENT, 'if-match': '*' };
    const response = await askServer(this.ask, this.#location, { method: 'PATCH', headers, body: fragmentOf(offer), signal });
    const end = iceEnd(await response.text());
    if (!end) throw new LiveProblem('bad-body');
    return end;
  }

  /** Ends it, also while the page goes. What is not heard is ended by the server, when nothing comes any more. */
  close(): void {
    const location = this.#location;
    this.#location = undefined;
    if (location !== undefined) void this.ask(location, { method: 'DELETE', headers: bearer(this.token), keepalive: true }).catch(() => undefined);
  }
}

/** One end of ICE, as lines of SDP. */
export interface IceEnd {
  ufrag: string;
  pwd: string;
  /** Lines `a=candidate:…`. */
  candidates: readonly string[];
}

/** The answer that was, with another end of ICE: nothing else changes when ICE begins anew. */
export function withIceEnd(answer: string, end: IceEnd): string {
  const lines = answer.split(/\r?\n/).flatMap((line) => {
    if (line.startsWith('a=ice-ufrag:')) return [`a=ice-ufrag:${end.ufrag}`];
    if (line.startsWith('a=ice-pwd:')) return [`a=ice-pwd:${end.pwd}`, ...end.candidates];
    return line.startsWith('a=candidate:') ? [] : [line];
  });
  return lines.join('\r\n');
}

/** The client's end of an offer as a fragment (RFC 8840 §9): the first description stands for the bundle. */
export function fragmentOf(offer: string): string {
  const lines = offer.split(/\r?\n/);
  const first = lines.findIndex((line) => line.startsWith('m='));
  const second = lines.findIndex((line, at) => at > first && line.startsWith('m='));
  const session = lines.slice(0, first).filter((line) => line.startsWith('a=group:'));
  const wanted = ['m=', 'a=mid:', 'a=ice-ufrag:', 'a=ice-pwd:'];
  const media = lines.slice(first, second < 0 ? undefined : second).filter((line) => wanted.some((prefix) => line.startsWith(prefix)));
  return [...session, ...media, ''].join('\r\n');
}

function iceEnd(fragment: string): IceEnd | undefined {
  const lines = fragment.split(/\r?\n/);
  const value = (prefix: string) => lines.find((line) => line.startsWith(prefix))?.slice(prefix.length);
  const [ufrag, pwd] = [value('a=ice-ufrag:'), value('a=ice-pwd:')];
  if (ufrag === undefined || pwd === undefined) return undefined;
  return { ufrag, pwd, candidates: lines.filter((line) => line.startsWith('a=candidate:')) };
}
