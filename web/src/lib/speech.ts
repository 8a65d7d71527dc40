/** Who speaks, by the word of the media server, and who is the one to look at. */
import { signal, type ReadonlySignal } from '@preact/signals-core';
import type { SpeakersMessage } from './meeting-message';
import type { Participant } from './participant';

/** Who takes the floor must keep it this long before the large picture changes: a cough is no speech. */
const FLOOR_MS = 1200;

export class Speech {
  /** The uid of who has spoken last for a while; stays when everybody is silent. */
  readonly active = signal<string | undefined>(undefined);

  readonly #participants: ReadonlySignal<readonly Participant[]>;
  #candidate: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(participants: ReadonlySignal<readonly Participant[]>) {
    this.#participants = participants;
  }

  /** All who speak at the moment, the loudest first. */
  hear(speakers: SpeakersMessage['speakers']): void {
    const loud = new Set(speakers.map(({ remoteUid }) => remoteUid));
    const others = this.#participants.peek();
    for (const participant of others) if (participant.path.peek() === 'server') participant.speaking.value = loud.has(participant.uid);
    const first = speakers.find(({ remoteUid }) => others.some(({ uid }) => uid === remoteUid))?.remoteUid;
    this.#offerFloor(first);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #offerFloor(uid: string | undefined): void {
    const gone = !this.#participants.peek().some((participant) => participant.uid === this.active.peek());
    if (uid !== undefined && gone) {
      this.active.value = uid;
      return;
    }
    if (uid === this.#candidate) return;
    this.#candidate = uid;
    clearTimeout(this.#timer);
    if (uid === undefined || uid === this.active.peek()) return;
    this.#timer = setTimeout(() => {
      this.active.value = uid;
    }, FLOOR_MS);
  }
}
