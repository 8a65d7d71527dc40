/** What live streams are called, and where each of their forms is found. */

/** An application and a stream in it. The application may have several segments. */
export interface StreamName {
  app: string;
  stream: string;
}

/** The application of streams that are named without one. */
export const DEFAULT_APP = 'live';

/** Bytes of an application or of a stream, as the server has it. */
export const NAME_BYTES_MAX = 255;

/** The ports and the name by which people reach the server. */
export interface ServerPlace {
  /** As in `location.origin`. */
  origin: string;
  /** `null`: the server has no RTMP. */
  rtmpPort: number | null;
}

/** What stands behind `/live/` in the address of a page: `lesson`, or `app/lesson`. `undefined` when that names no stream. */
export function parseStreamPath(path: string): StreamName | undefined {
  let segments: string[];
  try {
    segments = path.split('/').filter((segment) => segment !== '').map(decodeURIComponent);
  } catch {
    return undefined;
  }
  const stream = segments.at(-1);
  const app = segments.length > 1 ? segments.slice(0, -1).join('/') : DEFAULT_APP;
  return stream !== undefined && isPart(stream) && app.split('/').every(isPart) && fits(app) && fits(stream) ? { app, stream } : undefined;
}

/** What somebody typed as a name: spaces become hyphens. `undefined` when it names no stream. */
export function parseTypedName(typed: string): StreamName | undefined {
  const tidy = typed.trim().replace(/\s+/g, '-');
  return parseStreamPath(tidy.split('/').map(encodeURIComponent).join('/'));
}

/** `lesson`, or `app/lesson` where the application is another than usual: what people read and type. */
export function shownName({ app, stream }: StreamName): string {
  return app === DEFAULT_APP ? stream : `${app}/${stream}`;
}

/** The path of the page that plays it. */
export function watchPath(name: StreamName): string {
  return `/live/${name.app === DEFAULT_APP ? encodeURIComponent(name.stream) : escaped(name)}`;
}

/** `app/stream` as it stands in a URL. */
export function escaped({ app, stream }: StreamName): string {
  return [...app.split('/'), stream].map(encodeURIComponent).join('/');
}

/** Every address of a stream, without a token. */
export interface StreamAddresses {
  page: string;
  whip: string;
  whep: string;
  /** Low latency, and plain HLS for players that do not know it. */
  hls: string;
  flv: string;
  /** `null` without RTMP. */
  rtmp: string | null;
  /** What encoders ask for in two fields. */
  rtmpServer: string | null;
  streamKey: string;
}

export function addressesOf(name: StreamName, { origin, rtmpPort }: ServerPlace): StreamAddresses {
  const path = escaped(name);
  const { hostname } = new URL(origin);
  const rtmpServer = rtmpPort === null ? null : `rtmp://${hostname}${rtmpPort === 1935 ? '' : `:${rtmpPort}`}/${name.app.split('/').map(encodeURIComponent).join('/')}`;
  const streamKey = encodeURIComponent(name.stream);
  return {
    page: `${origin}${watchPath(name)}`,
    whip: `${origin}/whip/${path}`,
    whep: `${origin}/whep/${path}`,
    hls: `${origin}/${path}/index.m3u8`,
    flv: `${origin}/${path}.flv`,
    rtmp: rtmpServer && `${rtmpServer}/${streamKey}`,
    rtmpServer,
    streamKey,
  };
}

/** The address with the token in its query, as players that cannot send headers need it. */
export function withToken(url: string, token: string | undefined): string {
  return token === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}token=${encodeURIComponent(token)}`;
}

/** What the server takes for a part of a name: nothing that means something to a path, a URL or a terminal. */
function isPart(segment: string): boolean {
  return segment !== '' && !/^\.+$/.test(segment) && !/[\p{Cc}/\\?]/u.test(segment);
}

function fits(part: string): boolean {
  return new TextEncoder().encode(part).length <= NAME_BYTES_MAX;
}
