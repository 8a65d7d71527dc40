/** Puts a call together from what this browser offers. */
import { Call } from '../../lib/call';
import { fetchIceServers } from '../../lib/ice-servers';
import type { LocalMedia } from '../../lib/local-media';
import { LoopbackChannel } from '../../lib/loopback';
import { Signalling, type Seat } from '../../lib/signalling';
import type { UrlParameters } from '../../lib/url-parameters';
import { t } from '../texts';

export interface CallRequest {
  room: string;
  name: string;
  media: LocalMedia;
  parameters: UrlParameters;
}

export function startCall({ room, name, media, parameters }: CallRequest): Call {
  const createConnection = (configuration: RTCConfiguration) => new RTCPeerConnection(configuration);
  const iceServers = () => fetchIceServers(location.origin, parameters.token);
  const now = () => Date.now();
  if (parameters.loopback) {
    const channel = new LoopbackChannel({ roomId: room, echoName: t('loopback.echo'), parameters, createConnection, fetchIceServers: iceServers, now });
    return new Call({ channel, media, parameters, createConnection, fetchIceServers: iceServers, now });
  }
  const signalling = new Signalling({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
    roomId: room,
    name,
    token: parameters.token,
    seat: leftSeat(room),
    mediaState: () => media.state.peek(),
    openSocket: (url) => new WebSocket(url),
  });
  const call = new Call({ channel: signalling, media, parameters, createConnection, fetchIceServers: iceServers, now });
  keepSeat(room, signalling, call);
  return call;
}

const SEAT = 'parlor.seat';

/** The seat that this tab held in the room when it was reloaded or crashed. */
function leftSeat(room: string): Seat | undefined {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(SEAT) ?? 'null');
    if (typeof kept !== 'object' || kept === null) return undefined;
    const { room: place, uid, resume } = kept as Record<string, unknown>;
    return place === room && typeof uid === 'string' && typeof resume === 'string' ? { uid, resume } : undefined;
  } catch {
    return undefined;
  }
}

function keepSeat(room: string, signalling: Signalling, call: Call): void {
  signalling.state.subscribe((state) => {
    try {
      if (state === 'open' && signalling.seat) sessionStorage.setItem(SEAT, JSON.stringify({ room, ...signalling.seat }));
      if (state === 'closed') sessionStorage.removeItem(SEAT);
    } catch {
      // Without storage a reloaded page waits until the server forgets the old one.
    }
  });
  const leave = () => call.hangUp();
  addEventListener('pagehide', leave);
  call.phase.subscribe((phase) => {
    if (phase === 'left' || phase === 'refused') removeEventListener('pagehide', leave);
  });
}
