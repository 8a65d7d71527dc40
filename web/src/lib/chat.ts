/** The conversation in writing: what was said, what is not sent yet, and what is a link in it. */
import { computed, signal } from '@preact/signals-core';

/** Older messages are dropped; a call is not an archive. */
export const MESSAGES_MAX = 500;

export interface ChatMessage {
  key: number;
  /** Undefined for our own messages. */
  from: { uid: string; name: string } | undefined;
  /** The only reader of an own message; undefined when it is for everybody. */
  to: { uid: string; name: string } | undefined;
  /** Only for us, or only for one other. */
  private: boolean;
  text: string;
  at: number;
  /** `failed` can be sent again. */
  delivery: 'sending' | 'sent' | 'failed';
}

export class ChatLog {
  readonly messages = signal<readonly ChatMessage[]>([]);
  /** The newest that somebody else wrote since we came. */
  readonly latest = signal<ChatMessage | undefined>(undefined);
  readonly unread = computed(() => this.#received.value - this.#read.value);
  readonly #received = signal(0);
  readonly #read = signal(0);
  #nextKey = 1;

  receive(from: { uid: string; name: string }, text: string, at: number, isPrivate = false): void {
    const message: ChatMessage = { key: this.#nextKey++, from, to: undefined, private: isPrivate, text, at, delivery: 'sent' };
    this.#append(message);
    this.latest.value = message;
    this.#received.value++;
  }

  /** What was written before we came. It counts as read: it was not for us. */
  restore(history: readonly { uid: string; name: string; text: string; at: number; private: boolean }[], own: string): void {
    for (const { uid, name, text, at, private: isPrivate } of history) {
      this.#append({ key: this.#nextKey++, from: uid === own ? undefined : { uid, name }, to: undefined, private: isPrivate, text, at, delivery: 'sent' });
    }
  }

  /** What a page that was loaded again had shown: read, and no longer under way. */
  takeOver(shown: readonly Omit<ChatMessage, 'key'>[]): void {
    for (const message of shown) this.#append({ ...message, key: this.#nextKey++, delivery: message.delivery === 'sent' ? 'sent' : 'failed' });
  }

  /** Adds an own message as `sending`; its key is for {@link mark}. */
  compose(text: string, at: number, to?: { uid: string; name: string }): number {
    const key = this.#nextKey++;
    this.#append({ key, from: undefined, to, private: to !== undefined, text, at, delivery: 'sending' });
    return key;
  }

  mark(key: number, delivery: ChatMessage['delivery']): void {
    this.messages.value = this.messages.peek().map((message) => (message.key === key ? { ...message, delivery } : message));
  }

  /** Everything is read. */
  read(): void {
    this.#read.value = this.#received.peek();
  }

  #append(message: ChatMessage): void {
    this.messages.value = [...this.messages.peek(), message].slice(-MESSAGES_MAX);
  }
}

export type TextPart = { text: string; href?: string };

/** Splits a text at its web addresses. Only `http` and `https` become links; punctuation at their end stays outside. */
export function linkParts(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"'，。；！？、）】》]+/gi)) {
    const address = match[0].replace(/[.,;:!?)\]}]+$/, '');
    if (!URL.canParse(address)) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: address, href: new URL(address).href });
    from = match.index + address.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** One unit of a JavaScript text takes no more than this in UTF-8. */
const UTF8_BYTES_MAX = 3;

/** The part of `text` that fits into `bytesMax` bytes of UTF-8, cut between characters. */
export function clipToBytes(text: string, bytesMax: number): string {
  const buffer = new Uint8Array(Math.min(bytesMax, text.length * UTF8_BYTES_MAX));
  const { read } = new TextEncoder().encodeInto(text, buffer);
  return text.slice(0, read);
}
