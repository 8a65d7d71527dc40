/** The messages of rooms with the media server, and of moderation (docs/signalling.md), typed as this client reads them. */
import { id, isFields, list, listOf, number, oneOf, optionalText, text, type Fields } from './fields';

/** Members talk directly, or through the media server. */
export type Mode = 'p2p' | 'sfu';

export const SOURCES = ['microphone', 'camera', 'screen', 'screen-audio'] as const;
/** Where a track comes from. Together with the uid it names the track. */
export type Source = (typeof SOURCES)[number];

/** Something that a member publishes. */
export interface Track {
  source: Source;
  codec: string;
  /** Names of its encodings, the smallest first; empty without simulcast. */
  layers: readonly string[];
  /** The payload is encrypted from end to end: only members with the key can use it. */
  encrypted?: boolean;
}

export type SlotState = 'live' | 'paused' | 'waiting';
export type SlotReason = 'bandwidth' | 'muted' | 'no-track' | 'codec' | 'wish';

/** What is in a slot. */
export interface SlotReport {
  mid: string;
  /** Undefined when the slot is empty. */
  remoteUid: string | undefined;
  source: Source;
  state: SlotState;
  reason: SlotReason | undefined;
  layer: string | undefined;
  temporal: number | undefined;
}

export type Priority = 'normal' | 'speaker' | 'pinned';

/** What a slot should have; `remoteUid: null` empties it. Width and height are in device pixels. */
export type SlotRequest =
  | { mid: string; remoteUid: null }
  | { mid: string; remoteUid: string; source: Source; width: number; height: number; priority: Priority; paused: boolean };

export type NetworkReason = 'loss' | 'delay' | 'bandwidth';

export interface MemberQuality {
  remoteUid: string;
  /** 0 to 5; 5 is best. */
  level: number;
  reason: NetworkReason | undefined;
}

/** Somebody who knocked. */
export interface Knock {
  uid: string;
  name: string;
}

/** Who may watch without being in the room. */
export type StreamPolicy = 'off' | 'token' | 'open';

/** The recording that goes on. */
export interface RoomRecording {
  /** Milliseconds since the Unix epoch. */
  since: number;
  /** Who has begun it. */
  uid: string;
  name: string;
  /** Only those are recorded who agree. */
  consent: boolean;
  /** Whether we are recorded. */
  agreed: boolean;
}

/** A picture of a member. */
export interface Shot {
  uid: string;
  source: 'camera' | 'screen';
}

export interface RoomStatus {
  locked: boolean;
  lobby: boolean;
  recording: RoomRecording | undefined;
  stream: StreamPolicy;
  /** How many watch. */
  viewers: number;
  /** What a host shows them; undefined while they see who speaks. */
  shown: Shot | undefined;
  /** Empty for members who may not admit. */
  waiting: readonly Knock[];
}

/** What one can ask of the room as its host. */
export type ModerationAction = 'mute' | 'lower-hand' | 'remove' | 'lock' | 'unlock' | 'lobby' | 'stream' | 'admit' | 'deny' | 'role' | 'show' | 'unmute' | 'end';

export interface ModeMessage {
  cmd: 'mode';
  mode: Mode;
}

export interface TracksMessage {
  cmd: 'tracks';
  remoteUid: string;
  tracks: readonly Track[];
}

export interface SlotsMessage {
  cmd: 'slots';
  slots: readonly SlotReport[];
}

/** Which of our encodings somebody watches. */
export interface LayersMessage {
  cmd: 'layers';
  source: Source;
  layers: readonly { rid: string; active: boolean }[];
}

export interface SpeakersMessage {
  cmd: 'speakers';
  /** The loudest first; levels in dB below full scale. */
  speakers: readonly { remoteUid: string; level: number }[];
}

export interface QualityMessage {
  cmd: 'quality';
  members: readonly MemberQuality[];
}

export interface DataMessage {
  cmd: 'data';
  uid: string;
  topic: string;
  data: unknown;
}

export interface ReactMessage {
  cmd: 'react';
  uid: string;
  reaction: string;
}

export interface RoleMessage {
  cmd: 'role';
  remoteUid: string;
  role: string;
  /** Only for oneself. */
  grants: readonly string[] | undefined;
}

/** A moderator did something to us. */
export interface ModeratedMessage {
  cmd: 'moderated';
  action: string;
  source: Source | undefined;
  uid: string;
  message: string;
}

export interface RoomMessage extends RoomStatus {
  cmd: 'room';
}

/** The answer to `join` while a host has to let us in. */
export interface WaitingMessage {
  cmd: 'waiting';
  id: string | undefined;
}

export type MeetingMessage =
  | ModeMessage
  | TracksMessage
  | SlotsMessage
  | LayersMessage
  | SpeakersMessage
  | QualityMessage
  | DataMessage
  | ReactMessage
  | RoleMessage
  | ModeratedMessage
  | RoomMessage
  | WaitingMessage;

/** Reads a message by its `cmd`; undefined when it is none of these or not well-formed. */
export function parseMeetingMessage(fields: Fields): MeetingMessage | undefined {
  switch (fields['cmd']) {
    case 'mode': {
      const found = mode(fields['mode']);
      return found && { cmd: 'mode', mode: found };
    }
    case 'tracks':
      return about(fields['remoteUid'], (remoteUid) => ({ cmd: 'tracks', remoteUid, tracks: tracks(fields['tracks']) }));
    case 'slots':
      return { cmd: 'slots', slots: listOf(fields['slots'], slotReport) };
    case 'layers': {
      const source = oneOf(fields['source'], SOURCES);
      return source && { cmd: 'layers', source, layers: listOf(fields['layers'], layer) };
    }
    case 'speakers':
      return { cmd: 'speakers', speakers: listOf(fields['speakers'], (entry) => about(entry['remoteUid'], (remoteUid) => ({ remoteUid, level: number(entry['level'], -127) }))) };
    case 'quality':
      return { cmd: 'quality', members: listOf(fields['members'], memberQuality) };
    case 'data':
      return about(fields['uid'], (uid) => ({ cmd: 'data', uid, topic: text(fields['topic']), data: fields['data'] }));
    case 'react':
      return about(fields['uid'], (uid) => ({ cmd: 'react', uid, reaction: text(fields['reaction']) }));
    case 'role':
      return about(fields['remoteUid'], (remoteUid) => ({ cmd: 'role', remoteUid, role: text(fields['role']), grants: grants(fields['grants']) }));
    case 'moderated':
      return { cmd: 'moderated', action: text(fields['action']), source: oneOf(fields['source'], SOURCES), uid: text(fields['uid']), message: text(fields['message']) };
    case 'room':
      return { cmd: 'room', ...roomStatus(fields) };
    case 'waiting':
      return { cmd: 'waiting', id: optionalText(fields['id']) };
    default:
      return undefined;
  }
}

export function mode(value: unknown): Mode | undefined {
  return oneOf(value, ['p2p', 'sfu']);
}

export function tracks(value: unknown): Track[] {
  return listOf(value, (entry) => {
    const source = oneOf(entry['source'], SOURCES);
    return (
      source && {
        source,
        codec: text(entry['codec']),
        layers: list(entry['layers']).filter((rid) => typeof rid === 'string'),
        ...(entry['encrypted'] === true && { encrypted: true }),
      }
    );
  });
}

export function roomStatus(value: unknown): RoomStatus {
  const fields = isFields(value) ? value : {};
  return {
    locked: fields['locked'] === true,
    lobby: fields['lobby'] === true,
    recording: recording(fields['recording']),
    stream: oneOf(fields['stream'], ['off', 'token', 'open']) ?? 'off',
    viewers: typeof fields['viewers'] === 'number' ? fields['viewers'] : 0,
    shown: shot(fields['shown']),
    waiting: listOf(fields['waiting'], (entry) => about(entry['uid'], (uid) => ({ uid, name: text(entry['name']) }))),
  };
}

function shot(value: unknown): Shot | undefined {
  const source = isFields(value) ? oneOf(value['source'], ['camera', 'screen']) : undefined;
  return isFields(value) && source ? about(value['uid'], (uid) => ({ uid, source })) : undefined;
}

function recording(value: unknown): RoomRecording | undefined {
  if (!isFields(value)) return undefined;
  const since = value['since'];
  return {
    since: typeof since === 'number' ? since : 0,
    uid: text(value['uid']),
    name: text(value['name']),
    consent: value['consent'] === true,
    agreed: value['agreed'] === true,
  };
}

export function grants(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((grant) => typeof grant === 'string') : undefined;
}

function slotReport(entry: Fields): SlotReport | undefined {
  const mid = optionalText(entry['mid']);
  const source = oneOf(entry['source'], SOURCES);
  const remoteUid = id(entry['remoteUid']);
  if (mid === undefined || (remoteUid !== undefined && !source)) return undefined;
  return {
    mid,
    remoteUid,
    source: source ?? 'camera',
    state: oneOf(entry['state'], ['live', 'paused', 'waiting']) ?? 'waiting',
    reason: oneOf(entry['reason'], ['bandwidth', 'muted', 'no-track', 'codec', 'wish']),
    layer: optionalText(entry['layer']),
    temporal: typeof entry['temporal'] === 'number' ? entry['temporal'] : undefined,
  };
}

function layer(entry: Fields): { rid: string; active: boolean } | undefined {
  return typeof entry['rid'] === 'string' ? { rid: entry['rid'], active: entry['active'] === true } : undefined;
}

function memberQuality(entry: Fields): MemberQuality | undefined {
  return about(entry['remoteUid'], (remoteUid) => ({
    remoteUid,
    level: Math.min(5, Math.max(0, Math.round(number(entry['level'], 5)))),
    reason: oneOf(entry['reason'], ['loss', 'delay', 'bandwidth']),
  }));
}

function about<M>(value: unknown, make: (uid: string) => M): M | undefined {
  const uid = id(value);
  return uid === undefined ? undefined : make(uid);
}
