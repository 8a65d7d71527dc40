/**
 * The messages of the signalling channel (docs/signalling.md), typed as this client reads them. Everything that comes from
 * the wire passes {@link parseServerMessage}: what is not known or not well-formed is `undefined` and left alone.
 */

/** What a member sends at the moment. */
export interface MediaState {
  audio: boolean;
  video: boolean;
  screen: boolean;
}

export type MemberConnection = 'online' | 'reconnecting';

export interface RosterEntry {
  uid: string;
  name: string;
  /** 2 for members that speak our dialect, 1 for those of dialect A. */
  v: number;
  connection: MemberConnection;
  /** Unknown for members of dialect A. */
  state: MediaState | undefined;
}

export interface Joined {
  cmd: 'joined';
  id: string | undefined;
  roomId: string;
  self: { uid: string; name: string };
  /** What this member may do; undefined where the server does not say, and everything is allowed. */
  grants: readonly string[] | undefined;
  roster: RosterEntry[];
  iceServers: RTCIceServer[];
  resume: string | undefined;
  resumed: boolean;
  /** `Infinity` where the server sets no limit. */
  chatBytesMax: number;
  heartbeatSeconds: number;
}

export interface NewPeer {
  cmd: 'new-peer';
  remoteUid: string;
  name: string;
  v: number;
  state: MediaState | undefined;
}

export interface PeerLeave {
  cmd: 'peer-leave';
  remoteUid: string;
}

export interface PeerState {
  cmd: 'peer-state';
  remoteUid: string;
  connection: MemberConnection;
  state: MediaState | undefined;
}

/** A message of another member, passed on by the server. `msg` is for {@link ./peer-link} to read. */
export interface Forwarded {
  cmd: 'offer' | 'answer' | 'candidate' | 'hangup';
  uid: string;
  msg: string;
}

export interface Chat {
  cmd: 'chat';
  uid: string;
  name: string;
  text: string;
  private: boolean;
  /** Milliseconds since 1970, by the server's clock. */
  at: number;
}

export interface Reply {
  cmd: 'ok' | 'pong';
  id: string | undefined;
}

export interface ErrorReply {
  cmd: 'error';
  id: string | undefined;
  code: number;
  reason: string;
  message: string;
}

export interface Closing {
  cmd: 'closing';
  reason: string;
  retryAfterMs: number;
}

export type ServerMessage = Joined | NewPeer | PeerLeave | PeerState | Forwarded | Chat | Reply | ErrorReply | Closing;

/** Error codes of the wire that this client acts on. */
export const ErrorCode = {
  RoomFull: 1,
  RemoteNotFound: 6,
  Unauthorised: 100,
  UidInUse: 101,
  RateLimited: 103,
} as const;

/** With which the server closes the connection of a member who resumed on another one. Coming back would take the seat away again. */
export const CLOSE_RESUMED_ELSEWHERE = 4001;

type Fields = Record<string, unknown>;

const HEARTBEAT_SECONDS_DEFAULT = 25;
const CHAT_BYTES_DEFAULT = 4096;
const RETRY_AFTER_MS_DEFAULT = 2000;

/** Reads one text frame. `undefined` for anything but a message we know. */
export function parseServerMessage(frame: string): ServerMessage | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(frame);
  } catch {
    return undefined;
  }
  if (!isFields(fields)) return undefined;
  switch (fields['cmd']) {
    case 'joined':
      return joined(fields);
    case 'new-peer':
      return withUid(fields, (remoteUid) => ({ cmd: 'new-peer', remoteUid, ...introduction(fields) }));
    case 'peer-leave':
      return withUid(fields, (remoteUid) => ({ cmd: 'peer-leave', remoteUid }));
    case 'peer-state':
      return withUid(fields, (remoteUid) => ({ cmd: 'peer-state', remoteUid, connection: connection(fields), state: mediaState(fields['state']) }));
    case 'offer':
    case 'answer':
    case 'candidate':
    case 'hangup':
      return forwarded(fields['cmd'], fields);
    case 'chat':
      return chat(fields);
    case 'ok':
    case 'pong':
      return { cmd: fields['cmd'], id: optionalText(fields['id']) };
    case 'error':
      return { cmd: 'error', id: optionalText(fields['id']), code: number(fields['code'], 0), reason: text(fields['reason']), message: text(fields['message']) };
    case 'closing':
      return { cmd: 'closing', reason: text(fields['reason']), retryAfterMs: number(fields['retryAfterMs'], RETRY_AFTER_MS_DEFAULT) };
    default:
      return undefined;
  }
}

function joined(fields: Fields): Joined | undefined {
  const self = fields['self'];
  if (!isFields(self)) return undefined;
  const uid = id(self['uid']);
  const roomId = id(fields['roomId']);
  if (uid === undefined || roomId === undefined) return undefined;
  const limits = isFields(fields['limits']) ? fields['limits'] : {};
  return {
    cmd: 'joined',
    id: optionalText(fields['id']),
    roomId,
    self: { uid, name: text(self['name']) },
    grants: Array.isArray(self['grants']) ? self['grants'].filter((grant) => typeof grant === 'string') : undefined,
    roster: list(fields['roster']).map(rosterEntry).filter((entry) => entry !== undefined),
    iceServers: iceServers(fields['iceServers']),
    resume: optionalText(fields['resume']),
    resumed: fields['resumed'] === true,
    chatBytesMax: number(limits['chatBytes'], CHAT_BYTES_DEFAULT) || Infinity,
    heartbeatSeconds: number(fields['heartbeatSeconds'], HEARTBEAT_SECONDS_DEFAULT),
  };
}

/** Reads a list of ICE servers as `joined` and `GET /api/v1/ice` carry it; entries without URLs are left out. */
export function iceServers(value: unknown): RTCIceServer[] {
  const servers: RTCIceServer[] = [];
  for (const entry of list(value)) {
    if (!isFields(entry)) continue;
    const urls = list(typeof entry['urls'] === 'string' ? [entry['urls']] : entry['urls']).filter((url) => typeof url === 'string');
    if (urls.length === 0) continue;
    const server: RTCIceServer = { urls };
    if (typeof entry['username'] === 'string') server.username = entry['username'];
    if (typeof entry['credential'] === 'string') server.credential = entry['credential'];
    servers.push(server);
  }
  return servers;
}

function rosterEntry(value: unknown): RosterEntry | undefined {
  if (!isFields(value)) return undefined;
  const uid = id(value['uid']);
  return uid === undefined ? undefined : { uid, connection: connection(value), ...introduction(value) };
}

function introduction(fields: Fields): { name: string; v: number; state: MediaState | undefined } {
  return { name: text(fields['name']), v: number(fields['v'], 1), state: mediaState(fields['state']) };
}

function forwarded(cmd: Forwarded['cmd'], fields: Fields): Forwarded | undefined {
  const uid = id(fields['uid']);
  return uid === undefined ? undefined : { cmd, uid, msg: text(fields['msg']) };
}

function chat(fields: Fields): Chat | undefined {
  const uid = id(fields['uid']);
  if (uid === undefined || typeof fields['text'] !== 'string') return undefined;
  return { cmd: 'chat', uid, name: text(fields['name']), text: fields['text'], private: fields['private'] === true, at: number(fields['at'], 0) };
}

function withUid<M>(fields: Fields, make: (remoteUid: string) => M): M | undefined {
  const remoteUid = id(fields['remoteUid']);
  return remoteUid === undefined ? undefined : make(remoteUid);
}

function mediaState(value: unknown): MediaState | undefined {
  if (!isFields(value)) return undefined;
  return { audio: value['audio'] === true, video: value['video'] === true, screen: value['screen'] === true };
}

function connection(fields: Fields): MemberConnection {
  return fields['connection'] === 'reconnecting' ? 'reconnecting' : 'online';
}

/** Ids are texts; old clients send numbers, which are the same id. */
function id(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return optionalText(value);
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
