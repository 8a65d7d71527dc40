/**
 * Data of programs that are built on a call: to everybody or to one, many times a second if need be. In a room whose media
 * passes the server they go over data channels, and by signalling where there is none (yet); who calls this does not
 * notice, but that a message may overtake another while the way changes.
 */
import type { Channel } from './channel';
import { id, isFields, text } from './fields';
import type { DataMessage } from './meeting-message';

export interface DataOptions {
  /** Soon or not at all: for what the next message makes obsolete. */
  lossy?: boolean;
  /** For this member alone. */
  to?: string;
}

/** Hears what another member says. */
export type DataListener = (data: unknown, uid: string) => void;

type Label = 'data' | 'data-lossy';

/** How a lane's channel is opened (docs/signalling.md). */
const LANES: Readonly<Record<Label, RTCDataChannelInit>> = {
  data: { ordered: true },
  'data-lossy': { ordered: false, maxRetransmits: 0 },
};

/** With more waiting, what had better be lost than late is lost here. */
export const LOSSY_BUFFERED_BYTES_MAX = 64 * 1024;
/** With more waiting, the sender is told to wait. */
export const BUFFERED_BYTES_MAX = 1024 * 1024;

export class DataLanes {
  readonly #channel: Channel;
  readonly #listeners = new Map<string, Set<DataListener>>();
  /** Somebody sends or listens: a page that does neither has no data channels. */
  #wanted = false;
  #connection: RTCPeerConnection | undefined;
  #open = new Map<Label, RTCDataChannel>();

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Calls `listener` for every message about `topic`, until the returned function is called. */
  listen(topic: string, listener: DataListener): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    this.#want();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic);
    };
  }

  /**
   * Says something about `topic` (1 to 64 bytes) to everybody, or to one. False when it was not sent, because too much waits
   * already. The server says nothing of what arrives.
   */
  send(topic: string, data: unknown, { lossy = false, to }: DataOptions = {}): boolean {
    this.#want();
    const words = { topic, data, ...(to !== undefined && { remoteUid: to }) };
    const lane = this.#open.get(lossy ? 'data-lossy' : 'data');
    if (lane?.readyState !== 'open') {
      this.#channel.send({ cmd: 'data', ...words });
      return true;
    }
    if (lane.bufferedAmount > (lossy ? LOSSY_BUFFERED_BYTES_MAX : BUFFERED_BYTES_MAX)) return false;
    lane.send(JSON.stringify(words));
    return true;
  }

  /** What came by signalling. */
  receive({ uid, topic, data }: DataMessage): void {
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener(data, uid);
  }

  /** The connection to the media server is another one; undefined: there is none. The channels of the former one go with it. */
  attach(connection: RTCPeerConnection | undefined): void {
    if (this.#connection === connection) return;
    this.#connection = connection;
    this.#open = new Map();
    if (this.#wanted) this.#openLanes();
  }

  #want(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#openLanes();
  }

  #openLanes(): void {
    const connection = this.#connection;
    if (!connection || connection.signalingState === 'closed') return;
    for (const [label, init] of Object.entries(LANES) as [Label, RTCDataChannelInit][]) {
      const lane = connection.createDataChannel(label, init);
      lane.onmessage = ({ data }: MessageEvent<unknown>) => this.#hear(data);
      this.#open.set(label, lane);
    }
  }

  #hear(said: unknown): void {
    // Bytes are for others: this side says none.
    if (typeof said !== 'string') return;
    const fields: unknown = parse(said);
    const uid = isFields(fields) ? id(fields['uid']) : undefined;
    if (isFields(fields) && uid !== undefined) this.receive({ cmd: 'data', uid, topic: text(fields['topic']), data: fields['data'] });
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
