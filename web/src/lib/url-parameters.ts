/** What the address of the page may set: the parameters of AppRTC that still have a meaning, and our own. */
import type { SdpWishes } from './sdp';

export type TurnTransport = 'udp' | 'tcp' | 'tls';

export interface UrlParameters {
  /** `false` for "do not capture", else constraints on top of the defaults. */
  audio: false | MediaTrackConstraints;
  video: false | MediaTrackConstraints;
  relayOnly: boolean;
  /** Only TURN servers of this transport are used; undefined for all. */
  turnTransport: TurnTransport | undefined;
  loopback: boolean;
  token: string | undefined;
  wishes: SdpWishes;
  /** Parameters that were recognised but cannot be followed, for the console. */
  ignored: string[];
}

/** AppRTC's parameters that mean nothing any more; docs/url-parameters.md says why. */
const WITHOUT_EFFECT = ['ts', 'apikey', 'wshpp', 'wstls', 't', 'dtls', 'dscp', 'ipv6', 'videofec', 'firefox_fake_device', 'vsibr'];

/** Old names of constraints and the ones that took their place. */
const CONSTRAINT_NAMES: Readonly<Record<string, readonly [name: string, bound: 'min' | 'max' | 'exact']>> = {
  minWidth: ['width', 'min'],
  maxWidth: ['width', 'max'],
  minHeight: ['height', 'min'],
  maxHeight: ['height', 'max'],
  minFrameRate: ['frameRate', 'min'],
  maxFrameRate: ['frameRate', 'max'],
  minAspectRatio: ['aspectRatio', 'min'],
  maxAspectRatio: ['aspectRatio', 'max'],
  googEchoCancellation: ['echoCancellation', 'exact'],
  googAutoGainControl: ['autoGainControl', 'exact'],
  googNoiseSuppression: ['noiseSuppression', 'exact'],
  echoCancellation: ['echoCancellation', 'exact'],
  autoGainControl: ['autoGainControl', 'exact'],
  noiseSuppression: ['noiseSuppression', 'exact'],
  voiceIsolation: ['voiceIsolation', 'exact'],
  width: ['width', 'exact'],
  height: ['height', 'exact'],
  frameRate: ['frameRate', 'exact'],
  facingMode: ['facingMode', 'exact'],
};

/** Reads the query of an address (`location.search`). Values that make no sense are left out and named in `ignored`. */
export function parseUrlParameters(search: string): UrlParameters {
  const query = new URLSearchParams(search);
  const ignored = WITHOUT_EFFECT.filter((name) => query.has(name));
  const video = constraints('video', query, ignored);
  if (video !== false && query.get('hd') === 'true') Object.assign(video, { width: { min: 1280 }, height: { min: 720 } });
  return {
    audio: constraints('audio', query, ignored),
    video,
    relayOnly: query.get('it') === 'relay',
    turnTransport: oneOf(query, 'tt', ['udp', 'tcp', 'tls'], ignored),
    loopback: query.get('debug') === 'loopback',
    token: query.get('token') ?? undefined,
    wishes: sdpWishes(query, ignored),
    ignored,
  };
}

/** Leaves only what the parameters let through: TURN servers of one transport. STUN servers stay. */
export function filterIceServers(servers: readonly RTCIceServer[], transport: TurnTransport | undefined): RTCIceServer[] {
  if (!transport) return [...servers];
  const fits = (url: string): boolean => {
    if (!/^turns?:/i.test(url)) return true;
    const secure = /^turns:/i.test(url);
    const tcp = secure || /[?&]transport=tcp/i.test(url);
    return transport === 'tls' ? secure : !secure && tcp === (transport === 'tcp');
  };
  return servers.flatMap((server) => {
    const urls = [server.urls].flat().filter(fits);
    return urls.length > 0 ? [{ ...server, urls }] : [];
  });
}

/**
 * For a connection to the media server: no STUN, and no relays over UDP. Where they are reached, so is the server itself. And where
 * they share its address, as here, Chromium takes whatever comes from there for answers to its own questions, and drops the
 * answers to the checks of the direct path: media would go over TCP.
 */
export function withoutUdpServers(servers: readonly RTCIceServer[]): RTCIceServer[] {
  const isUdp = (url: string) => /^stuns?:/i.test(url) || (/^turn:/i.test(url) && !/[?&]transport=tcp/i.test(url));
  return servers.flatMap((server) => {
    const urls = [server.urls].flat().filter((url) => !isUdp(url));
    return urls.length > 0 ? [{ ...server, urls }] : [];
  });
}

/** `true`, `false`, or a list like `minWidth=640,mandatory:maxWidth=1280,googEchoCancellation=false`. */
function constraints(name: string, query: URLSearchParams, ignored: string[]): false | MediaTrackConstraints {
  const value = query.get(name)?.trim();
  if (value === 'false') return false;
  const wanted: Record<string, unknown> = {};
  if (!value || value === 'true') return wanted;
  for (const part of value.split(',')) {
    const match = /^\s*(?:(?:mandatory|optional):)?\s*(\w+)\s*=\s*([\w.]+)\s*$/.exec(part);
    const known = match?.[1] ? CONSTRAINT_NAMES[match[1]] : undefined;
    if (!known || match?.[2] === undefined) {
      ignored.push(`${name}=${part}`);
      continue;
    }
    const [constraint, bound] = known;
    const given = scalar(match[2]);
    const before = wanted[constraint];
    wanted[constraint] = bound === 'exact' ? given : { ...(typeof before === 'object' ? before : {}), [bound]: given };
  }
  return wanted;
}

function scalar(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function sdpWishes(query: URLSearchParams, ignored: string[]): SdpWishes {
  const wishes: SdpWishes = {};
  const codecs = { asc: 'audioSendCodec', arc: 'audioReceiveCodec', vsc: 'videoSendCodec', vrc: 'videoReceiveCodec' } as const;
  for (const [name, wish] of Object.entries(codecs)) {
    // AppRTC wrote `ISAC/16000`; the name alone decides here.
    const codec = query.get(name)?.split('/')[0];
    if (codec && /^[\w-]{1,32}$/.test(codec)) wishes[wish] = codec;
    else if (codec !== undefined) ignored.push(name);
  }
  const rates = { asbr: 'audioSendKbps', arbr: 'audioReceiveKbps', vsbr: 'videoSendKbps', vrbr: 'videoReceiveKbps' } as const;
  for (const [name, wish] of Object.entries(rates)) {
    const kbps = wholeNumber(query, name, 1, 100_000, ignored);
    if (kbps !== undefined) wishes[wish] = kbps;
  }
  const send: Record<string, string> = {};
  const receive: Record<string, string> = {};
  flag(query, 'stereo', (on) => {
    send['stereo'] = receive['stereo'] = on;
    send['sprop-stereo'] = receive['sprop-stereo'] = on;
  });
  flag(query, 'opusfec', (on) => (send['useinbandfec'] = on));
  flag(query, 'opusdtx', (on) => (send['usedtx'] = on));
  const playbackRate = wholeNumber(query, 'opusmaxpbr', 8000, 48_000, ignored);
  if (playbackRate !== undefined) send['maxplaybackrate'] = String(playbackRate);
  if (Object.keys(send).length > 0) wishes.opusSend = send;
  if (Object.keys(receive).length > 0) wishes.opusReceive = receive;
  return wishes;
}

function flag(query: URLSearchParams, name: string, set: (value: '0' | '1') => void): void {
  const value = query.get(name);
  if (value === 'true') set('1');
  if (value === 'false') set('0');
}

function oneOf<T extends string>(query: URLSearchParams, name: string, values: readonly T[], ignored: string[]): T | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  const value = values.find((known) => known === given);
  if (value === undefined) ignored.push(name);
  return value;
}

function wholeNumber(query: URLSearchParams, name: string, min: number, max: number, ignored: string[]): number | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= min && value <= max) return value;
  ignored.push(name);
  return undefined;
}
