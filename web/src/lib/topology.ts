/**
 * Which way media takes: from member to member, or through the server. Turns from one to the other make before break: the
 * old way goes when everybody is shown by the new one, and at the latest when patience ends.
 */
import { batch, effect, signal } from '@preact/signals-core';
import { decodesPicture } from './frame-watch';
import { MediaSession, type MediaSessionOptions } from './media-session';
import { MEDIA_UID } from './media-link';
import type { Mode } from './meeting-message';
import type { Joined, ServerMessage } from './message';
import type { Participant } from './participant';
import type { PeerLink } from './peer-link';

/** The old way is given up then, whatever the new one shows. */
const TURN_PATIENCE_MS = 10_000;
/** The server keeps showing us for so long to the other one, who may still wait for our direct picture. */
const LINGER_MS = 2_000;
/** How often a new direct link is asked for its first picture. */
const LOOK_AGAIN_MS = 80;

export interface TopologyOptions {
  session: MediaSessionOptions;
  participants: () => readonly Participant[];
  /** Makes the direct offer to somebody. */
  offer: (participant: Participant) => void;
  /** Tells somebody that we do not need the direct link any more. */
  part: (participant: Participant) => void;
}

export class Topology {
  readonly mode = signal<Mode>('p2p');
  readonly session = signal<MediaSession | undefined>(undefined);

  readonly #options: TopologyOptions;
  #turned: (() => void) | undefined;

  constructor(options: TopologyOptions) {
    this.#options = options;
  }

  /** After each `joined`, when the members are known. */
  enter(joined: Joined, again: boolean): void {
    if (again && joined.mode === 'sfu' && this.mode.peek() === 'sfu') this.session.peek()?.recover(joined.resumed);
    else this.#turn(joined.mode);
  }

  /** Takes what is about the way of media; false for everything else. */
  receive(message: ServerMessage): boolean {
    const session = this.session.peek();
    switch (message.cmd) {
      case 'mode':
        this.#turn(message.mode);
        return true;
      case 'slots':
        session?.slots(message);
        return true;
      case 'layers':
        session?.layers(message);
        return true;
      case 'answer':
        if (message.uid !== MEDIA_UID) return false;
        session?.answer(message.msg);
        return true;
      case 'offer':
      case 'candidate':
      case 'hangup':
        return message.uid === MEDIA_UID;
      default:
        return false;
    }
  }

  close(): void {
    this.#turned?.();
    this.#turned = undefined;
    this.session.peek()?.close();
    this.session.value = undefined;
    this.mode.value = 'p2p';
  }

  #turn(mode: Mode): void {
    if (mode === this.mode.peek()) return;
    this.#turned?.();
    if (mode === 'sfu') this.#toServer();
    else this.#toDirect();
  }

  #toServer(): void {
    batch(() => {
      this.mode.value = 'sfu';
      this.session.peek()?.retry();
      this.session.value ??= new MediaSession(this.#options.session);
      for (const participant of this.#options.participants()) {
        participant.parted.value = false;
        if (participant.link.peek()?.state.peek() === 'connecting') participant.dropLink();
      }
    });
    const served = new Set<Participant>();
    this.#untilDone(
      () => {
        const linked = this.#options.participants().filter((participant) => participant.link.value);
        for (const participant of linked) {
          if (served.has(participant) || participant.path.value !== 'server') continue;
          served.add(participant);
          this.#options.part(participant);
        }
        // A link goes when neither side looks at it: the other's server picture may come later than ours.
        const idle = linked.filter((participant) => served.has(participant) && participant.parted.value);
        if (idle.length > 0) queueMicrotask(() => idle.forEach((participant) => participant.dropLink()));
        return linked.length === 0;
      },
      () => {
        for (const participant of this.#options.participants()) participant.dropLink();
      },
    );
  }

  #toDirect(): void {
    this.mode.value = 'p2p';
    if (!this.session.peek()) return;
    for (const participant of this.#options.participants()) {
      participant.directPicture.value = false;
      if (!participant.senior && !participant.link.peek()) this.#options.offer(participant);
    }
    const leave = () => {
      this.session.peek()?.close();
      this.session.value = undefined;
      for (const participant of this.#options.participants()) participant.directPicture.value = true;
    };
    const watched = new Set<PeerLink>();
    this.#untilDone(() => {
      for (const participant of this.#options.participants()) {
        const link = participant.link.value;
        if (!link || watched.has(link)) continue;
        watched.add(link);
        void this.#awaitPicture(participant, link);
      }
      return this.#options.participants().every((participant) => participant.path.value === 'direct');
    }, leave, LINGER_MS);
  }

  async #awaitPicture(participant: Participant, link: PeerLink): Promise<void> {
    while (participant.link.peek() === link && link.state.peek() !== 'closed' && this.mode.peek() === 'p2p') {
      if (await decodesPicture(link.connection).catch(() => false)) {
        participant.directPicture.value = true;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** Watches until `done` and for `lingerMs` more, or until patience ends; then `finish`. */
  #untilDone(done: () => boolean, finish: () => void, lingerMs = 0): void {
    let watching = true;
    let stop: () => void = () => {};
    const end = () => {
      watching = false;
      clearTimeout(timer);
      queueMicrotask(() => stop());
    };
    const finishIn = (ms: number) =>
      setTimeout(() => {
        end();
        finish();
      }, ms);
    let timer = finishIn(TURN_PATIENCE_MS);
    this.#turned = end;
    stop = effect(() => {
      if (!watching || !done()) return;
      end();
      timer = finishIn(lingerMs);
    });
  }
}
