/** What is worth saying aloud, in its order. Nothing takes the place of what has not been heard yet. */
import { signal } from '@preact/signals-core';

export interface Announcement {
  key: number;
  kind: 'joined' | 'left' | 'chat' | 'screen' | 'hand' | 'reaction' | 'knock' | 'locked' | 'unlocked';
  name: string;
  text?: string;
}

/** Older ones are forgotten: nobody listens to more than that. */
export const ANNOUNCEMENTS_MAX = 20;

export class Announcements {
  /** Oldest first; the keys grow. */
  readonly recent = signal<readonly Announcement[]>([]);
  #nextKey = 1;

  say(kind: Announcement['kind'], name: string, text?: string): void {
    const announcement = { key: this.#nextKey++, kind, name, ...(text !== undefined && { text }) };
    this.recent.value = [...this.recent.peek(), announcement].slice(-ANNOUNCEMENTS_MAX);
  }
}
