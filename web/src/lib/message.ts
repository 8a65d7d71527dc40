/**
 * The messages of the signalling channel (docs/signalling.md), typed as this client reads them. Everything that comes from
 * the wire passes {@link parseServerMessage}: what is not known or not well-formed is `undefined` and left alone.
 */

import { id, isFields, list, listOf, number, optionalText, text, type Fields } from './fields';
import { grants, mode, parseMeetingMessage, roomStatus, tracks, type MeetingMessage, type Mode, type RoomStatus, type Track } from './meeting-message';

/** What a member sends at the moment. */
export interface MediaState {
  audio: boolean;
  video: boolean;
  screen: boolean;
  /** The hand is raised. */
  hand?: boolean;
  /** Since when, by the server's clock in milliseconds since 1970: who was first speaks first. */
  handAt?: number;
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
  role?: string;
  /** A program that only sends, and nobody sits at. */
  encoder?: true;
  /** What they publish through the media server. */
  tracks?: readonly Track[];
}

export interface Joined {
  cmd: 'joined';
  id: string | undefined;
  roomId: string;
  self: { uid: string; name: string; role: string };
  /** What this member may do; undefined where the server does not say, and everything is allowed. */
  grants: readonly string[] | undefined;
  roster: RosterEntry[];
  iceServers: RTCIceServer[];
  resume: string | undefined;
  resumed: boolean;
  /** `Infinity` where the server sets no limit. */
  chatBytesMax: number;
  heartbeatSeconds: number;
  mode: Mode;
  room: RoomStatus;
  /** For how long there has been a meeting; undefined before somebody else came, and where the server does not say. */
  elapsedMs: number | undefined;
  /** What was written to the room before we came, the oldest first. */
  history: readonly Chat[];
}

export interface NewPeer {
  cmd: 'new-peer';
  remoteUid: string;
  name: string;
  v: number;
  state: MediaState | undefined;
  role?: string;
  encoder?: true;
  tracks?: readonly Track[];
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

export type ServerMessage = Joined | NewPeer | PeerLeave | PeerState | Forwarded | Chat | Reply | ErrorReply | Closing | MeetingMessage;

/** Error codes of the wire that this client acts on. */
export const ErrorCode = {
  RoomFull: 1,
  RemoteNotFound: 6,
  Unauthorised: 100,
  UidInUse: 101,
  RateLimited: 103,
  Locked: 105,
  Banned: 106,
  Denied: 107,
  Version: 108,
  Forbidden: 110,
  WrongMode: 111,
  BadOffer: 112,
  MediaUnavailable: 113,
} as const;

/** With which the server closes the connection of a member who resumed on another one. Coming back would take the seat away again. */
export const CLOSE_RESUMED_ELSEWHERE = 4001;

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
      return parseMeetingMessage(fields);
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
    self: { uid, name: text(self['name']), role: text(self['role']) },
    grants: grants(self['grants']),
    roster: listOf(fields['roster'], rosterEntry),
    iceServers: iceServers(fields['iceServers']),
    resume: optionalText(fields['resume']),
    resumed: fields['resumed'] === true,
    chatBytesMax: number(limits['chatBytes'], CHAT_BYTES_DEFAULT) || Infinity,
    heartbeatSeconds: number(fields['heartbeatSeconds'], HEARTBEAT_SECONDS_DEFAULT),
    mode: mode(fields['mode']) ?? 'p2p',
    room: roomStatus(fields['room']),
    elapsedMs: typeof fields['elapsedMs'] === 'number' && fields['elapsedMs'] >= 0 ? fields['elapsedMs'] : undefined,
    history: listOf(fields['history'], chat),
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

function rosterEntry(fields: Fields): RosterEntry | undefined {
  const uid = id(fields['uid']);
  return uid === undefined ? undefined : { uid, connection: connection(fields), ...introduction(fields) };
}

function introduction(fields: Fields): Pick<NewPeer, 'name' | 'v' | 'state' | 'role' | 'encoder' | 'tracks'> {
  const role = optionalText(fields['role']);
  return {
    name: text(fields['name']),
    v: number(fields['v'], 1),
    state: mediaState(fields['state']),
    ...(role !== undefined && { role }),
    ...(list(fields['caps']).includes('encoder') && { encoder: true as const }),
    ...(Array.isArray(fields['tracks']) && { tracks: tracks(fields['tracks']) }),
  };
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
  return {
    audio: value['audio'] === true,
    video: value['video'] === true,
    screen: value['screen'] === true,
    ...(value['hand'] === true && { hand: true }),
    ...(typeof value['handAt'] === 'number' && { handAt: value['handAt'] }),
  };
}

function connection(fields: Fields): MemberConnection {
  return fields['connection'] === 'reconnecting' ? 'reconnecting' : 'online';
}
