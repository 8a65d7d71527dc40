/**
 * Data of programs that are built on a call: to everybody or to one, many times a second if need be. In a room whose media
 * passes the server they go over data channels, and by signalling where there is none (yet); who calls this does not
 * notice, but that a message may overtake another while the way changes.
 */
import type { Channel } from './channel';
import { fromJson, NAME_BYTES_MAX, pack, toJson, unpack } from './data-bytes';
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

/** As many the JSON of one message takes (docs/signalling.md). */
export const JSON_BYTES_MAX = 16_384;
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
   * Says something about `topic` (1 to 64 bytes) to everybody, or to one: what JSON can say in `JSON_BYTES_MAX`, or a
   * `Uint8Array` of at most `BYTES_MAX`, which comes out as one. False when it was not sent, because too much waits already.
   * The server says nothing of what arrives. Bytes that leave over a data channel reach those who have theirs.
   * @throws RangeError when it is too long: nobody would hear it, whichever way it took
   */
  send(topic: string, data: unknown, { lossy = false, to }: DataOptions = {}): boolean {
    this.#want();
    const bytes = data instanceof Uint8Array ? data : undefined;
    checkTopic(topic);
    if (!bytes) checkJson(data);
    const bySignalling = () => this.#channel.send({ cmd: 'data', ...words(topic, bytes ? toJson(bytes) : data, to) });
    const lane = this.#open.get(lossy ? 'data-lossy' : 'data');
    if (lane?.readyState !== 'open') {
      bySignalling();
      return true;
    }
    if (lane.bufferedAmount > (lossy ? LOSSY_BUFFERED_BYTES_MAX : BUFFERED_BYTES_MAX)) return false;
    try {
      if (bytes) lane.send(pack(topic, bytes, to));
      else lane.send(JSON.stringify(words(topic, data, to)));
    } catch {
      // The browser refuses: its buffer is full, or the other end takes less at once than the server says.
      if (lossy) return false;
      bySignalling();
    }
    return true;
  }

  /** What came by signalling. */
  receive({ uid, topic, data }: DataMessage): void {
    this.#tell(topic, fromJson(data), uid);
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
      lane.binaryType = 'arraybuffer';
      lane.onmessage = ({ data }: MessageEvent<unknown>) => this.#hear(data);
      this.#open.set(label, lane);
    }
  }

  #tell(topic: string, data: unknown, uid: string): void {
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener(data, uid);
  }

  #hear(said: unknown): void {
    if (said instanceof ArrayBuffer) {
      const heard = unpack(said);
      if (heard) this.#tell(heard.topic, heard.data, heard.uid);
      return;
    }
    if (typeof said !== 'string') return;
    const fields: unknown = parse(said);
    const uid = isFields(fields) ? id(fields['uid']) : undefined;
    if (isFields(fields) && uid !== undefined) this.receive({ cmd: 'data', uid, topic: text(fields['topic']), data: fields['data'] });
  }
}

/** As the command `data` and the text of a data channel have it. */
function words(topic: string, data: unknown, to: string | undefined): { topic: string; data: unknown; remoteUid?: string } {
  return { topic, data, ...(to !== undefined && { remoteUid: to }) };
}

/** @throws RangeError */
function checkTopic(topic: string): void {
  const bytes = utf8Bytes(topic);
  if (bytes < 1 || bytes > NAME_BYTES_MAX) throw new RangeError(`a topic has 1 to ${String(NAME_BYTES_MAX)} bytes, and not ${String(bytes)}`);
}

/** @throws RangeError */
function checkJson(data: unknown): void {
  // What JSON cannot say at all is left out, and so null.
  const bytes = utf8Bytes((JSON.stringify(data) as string | undefined) ?? 'null');
  if (bytes > JSON_BYTES_MAX) throw new RangeError(`${String(bytes)} bytes of JSON at once; a message takes ${String(JSON_BYTES_MAX)}`);
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
