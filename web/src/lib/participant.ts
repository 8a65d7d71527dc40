/** Another member of the room, as this browser sees them. */
import { computed, signal, type ReadonlySignal } from '@preact/signals-core';
import type { MediaState, MemberConnection } from './message';
import type { PeerLink, LinkState } from './peer-link';

/** A level of the other's voice above this counts as speaking; 0 to 1, linear. */
const SPEAKING_LEVEL = 0.02;
/** The ring stays this long after the last sound, so that it does not flicker between words. */
const SPEAKING_HOLD_MS = 600;

export class Participant {
  readonly uid: string;
  readonly name = signal('');
  /** 1 for a client of dialect A, which knows neither chat nor states. */
  readonly dialect = signal(2);
  readonly connection = signal<MemberConnection>('online');
  /** What they say they send; undefined when they do not say. */
  readonly said = signal<MediaState | undefined>(undefined);
  /** Set while the server has forgotten them and their media may still flow. */
  readonly missing = signal(false);
  /** The link belongs to a visit that the server has forgotten: the next offer is for a new one. */
  stale = false;
  /** They were in the room when we joined: they make the first offer. */
  senior = false;
  readonly speaking = signal(false);
  readonly link = signal<PeerLink | undefined>(undefined);
  /** The link before a new one has connected: its picture stays until then. */
  readonly #previous = signal<PeerLink | undefined>(undefined);
  #lastSound = -Infinity;
  #steps: Promise<void> = Promise.resolve();

  /** The link whose media is shown. */
  readonly shown: ReadonlySignal<PeerLink | undefined> = computed(() => {
    const link = this.link.value;
    const previous = this.#previous.value;
    return previous && link?.state.value !== 'connected' ? previous : link;
  });
  readonly linkState: ReadonlySignal<LinkState> = computed(() => this.link.value?.state.value ?? this.#previous.value?.state.value ?? 'connecting');
  readonly audioOn = computed(() => this.said.value?.audio ?? true);
  /** There is a picture to show: they send one, and it has a way to us. */
  readonly videoOn = computed(() => (this.said.value?.video ?? true) && this.#reachable() && this.#tracks('video').length > 0);
  readonly screenOn = computed(() => (this.said.value?.screen ?? false) && (this.shown.value?.screen.value ?? []).some((track) => track.kind === 'video'));

  constructor(uid: string) {
    this.uid = uid;
  }

  /** One step of negotiation after the other, whichever link takes it: a candidate goes where its description went. */
  inOrder(step: () => Promise<void>): void {
    this.#steps = this.#steps.then(step).catch(() => undefined);
  }

  /** Takes a new link; what is shown goes when the new one has connected, the old link at once when it carries nothing. */
  replaceLink(link: PeerLink): void {
    const old = this.link.peek();
    if (old?.state.peek() === 'connected' || old?.state.peek() === 'reconnecting') {
      this.#drop(this.#previous.peek());
      this.#previous.value = old;
    } else this.#drop(old);
    this.link.value = link;
    this.stale = false;
    const stop = link.state.subscribe((state) => {
      if (state !== 'connected' && state !== 'closed') return;
      queueMicrotask(() => stop());
      if (this.link.peek() !== link) return;
      this.#drop(this.#previous.peek());
      this.#previous.value = undefined;
    });
  }

  /** Closes the link and forgets it; the member stays. */
  dropLink(): void {
    this.#drop(this.#previous.peek());
    this.#previous.value = undefined;
    this.#drop(this.link.peek());
    this.link.value = undefined;
  }

  /** Takes the newest level of the voice, at `at` milliseconds. */
  hear(level: number, at: number): void {
    if (!this.audioOn.peek()) this.#lastSound = -Infinity;
    else if (level > SPEAKING_LEVEL) this.#lastSound = at;
    this.speaking.value = at - this.#lastSound < SPEAKING_HOLD_MS;
  }

  #tracks(kind: 'audio' | 'video'): readonly MediaStreamTrack[] {
    return (this.shown.value?.media.value ?? []).filter((track) => track.kind === kind);
  }

  #reachable(): boolean {
    const state = this.shown.value?.state.value;
    return state === 'connected' || state === 'reconnecting';
  }

  #drop(link: PeerLink | undefined): void {
    link?.close();
  }
}
