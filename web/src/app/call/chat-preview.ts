/** Which message is shown for a moment while the chat is closed. A lively chat must not flicker over the pictures. */
import { signal } from '@preact/signals';
import type { ChatMessage } from '../../lib/chat';

/** One is shown at least this long before the next takes its place. */
export const PREVIEW_CALM_MS = 2500;
/** And the last one goes after this. */
export const PREVIEW_SHOWN_MS = 6000;

export class ChatPreview {
  readonly shown = signal<ChatMessage | undefined>(undefined);
  readonly #now: () => number;
  #changedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The newest message. One that came while another was too fresh to go is passed over for a newer one. */
  offer(message: ChatMessage): void {
    clearTimeout(this.#timer);
    const waitMs = this.shown.peek() ? this.#changedAt + PREVIEW_CALM_MS - this.#now() : 0;
    if (waitMs <= 0) this.#show(message);
    else this.#timer = setTimeout(() => this.#show(message), waitMs);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.shown.value = undefined;
  }

  #show(message: ChatMessage): void {
    this.shown.value = message;
    this.#changedAt = this.#now();
    this.#timer = setTimeout(() => this.clear(), PREVIEW_SHOWN_MS);
  }
}
