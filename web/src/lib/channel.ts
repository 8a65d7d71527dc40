/** What a call needs from signalling: the server ({@link ./signalling}) or a stand-in that calls you back ({@link ./loopback}). */
import type { ReadonlySignal } from '@preact/signals-core';
import type { ModerationAction, SlotRequest, Source, StreamPolicy } from './meeting-message';
import type { Joined, MediaState, ServerMessage } from './message';

/** `waiting`: connected, and a host has to let us in. */
export type ChannelState = 'idle' | 'connecting' | 'waiting' | 'open' | 'reconnecting' | 'closed';

/** A message to the server, without the keys that the channel adds (`id`, `roomId`, `uid`). */
export interface Outgoing {
  cmd: 'offer' | 'answer' | 'candidate' | 'hangup' | 'state' | 'chat' | 'subscribe' | 'moderate' | 'record' | 'consent' | 'react' | 'data';
  remoteUid?: string;
  msg?: string;
  state?: MediaState;
  text?: string;
  slots?: readonly SlotRequest[];
  action?: ModerationAction;
  source?: Source;
  ban?: boolean;
  on?: boolean;
  role?: string;
  stream?: StreamPolicy;
  reaction?: string;
  topic?: string;
  data?: unknown;
}

/** What a channel reports, in the order in which it happened. */
export type ChannelEvent =
  | { kind: 'joined'; joined: Joined; again: boolean }
  /** A host has been asked; `joined` or `refused` follows. */
  | { kind: 'waiting' }
  | { kind: 'message'; message: Exclude<ServerMessage, Joined> }
  | { kind: 'refused'; error: ChannelError };

/** A request that was refused, or that got no answer (`code` 0). */
export class ChannelError extends Error {
  constructor(
    /** The code of the wire; 0 when the connection was lost or nobody answered in time. */
    readonly code: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
    this.name = 'ChannelError';
  }
}

export interface Channel {
  readonly state: ReadonlySignal<ChannelState>;
  /** Called for every event; set it before {@link open}. */
  onEvent: (event: ChannelEvent) => void;
  /** Joins the room. Rejects with {@link ChannelError} when the server refuses. */
  open(): Promise<Joined>;
  /** Sends and waits for the answer. Rejects with {@link ChannelError}. */
  request(message: Outgoing): Promise<void>;
  /** Sends without waiting; kept for later while the connection is lost, as far as there is room. */
  send(message: Outgoing): void;
  /** Finds out at once whether the connection is still alive, e.g. because the network changed. */
  probe(): void;
  /** Comes back on a fresh connection; its `joined` brings fresh ICE servers, also when the token has expired. */
  renew(): void;
  /** Leaves the room for good. */
  close(): void;
  /** The page goes, and may be loaded again in a moment: the server keeps the seat for it. */
  part(): void;
}
