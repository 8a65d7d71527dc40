/** Bytes among the data of programs: how they stand in a message of a data channel, and in JSON (docs/signalling.md). */
import { isFields } from './fields';

/** As many go into a message, whichever way it takes. */
export const BYTES_MAX = 12_000;

/** Of a topic, and of a uid. */
export const NAME_BYTES_MAX = 64;
/** The one key of an object that stands for bytes. */
const KEY = '$bytes';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface BytesHeard {
  uid: string;
  topic: string;
  data: Uint8Array;
}

/** The message that says `bytes` about `topic`, to everybody where nobody is named. */
export function pack(topic: string, bytes: Uint8Array, to = ''): Uint8Array<ArrayBuffer> {
  const parts = [named(to), named(topic), checked(bytes)];
  const message = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  return message;
}

/** What a message says; undefined when it is none of this library's. */
export function unpack(message: ArrayBuffer): BytesHeard | undefined {
  const uid = cut(new Uint8Array(message));
  const topic = uid && cut(uid.rest);
  return topic && uid.name !== '' ? { uid: uid.name, topic: topic.name, data: topic.rest.slice() } : undefined;
}

export function toJson(bytes: Uint8Array): Record<string, string> {
  return { [KEY]: btoa(Array.from(checked(bytes), (byte) => String.fromCharCode(byte)).join('')) };
}

/** The bytes that `data` stands for, or else `data` itself. */
export function fromJson(data: unknown): unknown {
  const base64 = isFields(data) && Object.keys(data).length === 1 ? data[KEY] : undefined;
  if (typeof base64 !== 'string') return data;
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return data;
  }
}

function checked(bytes: Uint8Array): Uint8Array {
  if (bytes.length > BYTES_MAX) throw new RangeError(`${String(bytes.length)} bytes at once; a message takes ${String(BYTES_MAX)}`);
  return bytes;
}

/** A name behind its length. */
function named(name: string): Uint8Array {
  const bytes = encoder.encode(name);
  if (bytes.length > NAME_BYTES_MAX) throw new RangeError(`a topic or a uid has at most ${String(NAME_BYTES_MAX)} bytes`);
  return Uint8Array.of(bytes.length, ...bytes);
}

/** The name at the beginning, and what is behind it. */
function cut(bytes: Uint8Array): { name: string; rest: Uint8Array } | undefined {
  const end = 1 + (bytes[0] ?? Infinity);
  return end > bytes.length ? undefined : { name: decoder.decode(bytes.subarray(1, end)), rest: bytes.subarray(end) };
}
