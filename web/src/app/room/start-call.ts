/** Puts a call together from what this browser offers. */
import { Call } from '../../lib/call';
import { fetchIceServers } from '../../lib/ice-servers';
import type { LocalMedia } from '../../lib/local-media';
import { LoopbackChannel } from '../../lib/loopback';
import { Signalling } from '../../lib/signalling';
import type { UrlParameters } from '../../lib/url-parameters';
import { t } from '../texts';
import { comesBack, keepSeat, leftChat, leftSeat } from './seat-memory';

export interface CallRequest {
  room: string;
  name: string;
  media: LocalMedia;
  parameters: UrlParameters;
}

export function startCall({ room, name, media, parameters }: CallRequest): Call {
  const createConnection = (configuration: RTCConfiguration) => new RTCPeerConnection(configuration);
  const iceServers = () => fetchIceServers(location.origin, parameters.token, room);
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
  if (comesBack(room, Date.now())) call.chat.takeOver(leftChat(room));
  keepSeat(room, signalling, call);
  return call;
}
