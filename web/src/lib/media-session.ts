/**
 * The media of a room that passes the server: one connection, and while it is replaced, two. Knows what the page wishes to
 * see and keeps wishing it, whichever connection there is; what is shown moves to the new one picture by picture.
 */
import { batch, computed, effect, signal, type ReadonlySignal } from '@preact/signals-core';
import { ChannelError } from './channel';
import { FrameWatch } from './frame-watch';
import { AUDIO_SLOTS_MAX, MediaLink, type MediaLinkOptions } from './media-link';
import type { LayersMessage, SlotRequest, SlotsMessage, Source } from './meeting-message';
import { ErrorCode } from './message';
import type { IceLease, LinkState, OutgoingMedia } from './peer-link';
import { feedKey, slotsFor, Subscriptions, type Feed, type Wish } from './subscriptions';

export interface MediaSessionOptions extends Pick<MediaLinkOptions, 'wishes' | 'createConnection' | 'offer' | 'freshLease' | 'troubled'> {
  lease: () => IceLease;
  may: () => MediaLinkOptions['may'];
  media: () => OutgoingMedia;
  /** How many others there are: so many pictures are probably wanted. */
  others: () => number;
  /** Rejects with a {@link ChannelError} when the server does not take the wishes. */
  subscribe: (slots: readonly SlotRequest[]) => Promise<void>;
}

/** Wishes that named somebody who had just left, or came too fast, are said again after this time. */
const WISH_AGAIN_MS = 500;
/** A room of a hundred begins with one full grid, not with an offer of fifty lines. */
const FIRST_SLOTS_MAX = 9;

/** A picture from the server. */
export interface Shown extends Feed {
  /** A picture of this very person has been decoded. */
  ready: boolean;
  /** Pictures have come without a stop for a while. */
  steady: boolean;
}

/** A sound to be played. */
export interface Voice {
  track: MediaStreamTrack;
  /** Who is heard; undefined as long as the server has not said. */
  uid: string | undefined;
}

/** One connection with what is asked of it. */
class Route {
  readonly subscriptions: Subscriptions;
  readonly frames: FrameWatch;
  readonly shown: ReadonlySignal<ReadonlyMap<string, Shown>>;
  readonly #stop: (() => void)[];

  constructor(
    readonly link: MediaLink,
    subscribe: (slots: readonly SlotRequest[]) => void,
  ) {
    this.subscriptions = new Subscriptions({ send: subscribe, grow: (count) => link.grow('video', count) });
    this.frames = new FrameWatch(link.connection);
    this.shown = computed(() => {
      const ready = this.frames.ready.value;
      const steady = this.frames.steady.value;
      return new Map([...this.subscriptions.feeds.value].map(([key, feed]) => [key, { ...feed, ready: ready.has(key), steady: steady.has(key) }]));
    });
    this.#stop = [
      effect(() => this.subscriptions.setSlots(link.slots.value)),
      effect(() => {
        const pictures = [...this.subscriptions.feeds.value].filter(([, feed]) => feed.track.kind === 'video');
        this.frames.expect(new Map(pictures.map(([key, feed]) => [key, feed.mid])));
      }),
    ];
  }

  voices(): Voice[] {
    const speakers = this.subscriptions.voices.value;
    const screens = new Map([...this.subscriptions.feeds.value].map(([key, feed]) => [feed.mid, key]));
    return this.link.slots.value
      .filter((slot) => slot.kind === 'audio')
      .map((slot) => ({ track: slot.track, uid: screens.has(slot.mid) ? undefined : speakers.get(slot.mid) }));
  }

  owners(): ReadonlyMap<string, { uid: string; source: Source }> {
    const { feeds, voices } = this.subscriptions;
    const found = new Map<string, { uid: string; source: Source }>();
    for (const { mid, uid, source } of feeds.peek().values()) found.set(mid, { uid, source });
    for (const [mid, uid] of voices.peek()) found.set(mid, { uid, source: 'microphone' });
    return found;
  }

  close(): void {
    for (const stop of this.#stop) stop();
    this.subscriptions.close();
    this.frames.close();
    this.link.close();
  }
}

export class MediaSession {
  readonly link: ReadonlySignal<MediaLink | undefined> = computed(() => this.#current.value?.link);
  readonly state: ReadonlySignal<LinkState> = computed(() => {
    const current = this.#current.value?.link.state.value ?? 'closed';
    const former = this.#former.value?.link.state.value;
    return current !== 'connected' && (former === 'connected' || former === 'reconnecting') ? former : current;
  });
  /** By {@link feedKey}. A picture of the former connection stays until the present one has it. */
  readonly shown: ReadonlySignal<ReadonlyMap<string, Shown>> = computed(() => {
    const merged = new Map(this.#current.value?.shown.value);
    for (const [key, feed] of this.#former.value?.shown.value ?? []) if (feed.ready && !merged.get(key)?.ready) merged.set(key, feed);
    return merged;
  });
  readonly voices: ReadonlySignal<readonly Voice[]> = computed(() => {
    const current = this.#current.value;
    const former = this.#former.value;
    return (former && current?.link.state.value !== 'connected' ? former : current)?.voices() ?? [];
  });

  readonly #options: MediaSessionOptions;
  readonly #current = signal<Route | undefined>(undefined);
  readonly #former = signal<Route | undefined>(undefined);
  readonly #wishes = new Map<string, Wish>();
  #stopWatching: () => void = () => {};

  constructor(options: MediaSessionOptions) {
    this.#options = options;
    this.#connect();
  }

  /** A tile shows somebody, or shows them in another size. */
  want(wish: Wish): void {
    this.#wishes.set(feedKey(wish.uid, wish.source), wish);
    this.#current.peek()?.subscriptions.want(wish);
  }

  drop(uid: string, source: Wish['source']): void {
    this.#wishes.delete(feedKey(uid, source));
    this.#current.peek()?.subscriptions.drop(uid, source);
  }

  find(uid: string, source: Source): Shown | undefined {
    return this.shown.value.get(feedKey(uid, source));
  }

  /** Whose stream comes by which m-line of the present connection. */
  owners(): ReadonlyMap<string, { uid: string; source: Source }> {
    return this.#current.peek()?.owners() ?? new Map();
  }

  setMedia(media: OutgoingMedia): void {
    this.#current.peek()?.link.setMedia(media);
  }

  /** Somebody came or left: voices need slots. */
  fit(): void {
    this.#current.peek()?.link.grow('audio', voiceSlots(this.#options.others()));
  }

  answer(msg: string): void {
    this.#current.peek()?.link.answer(msg);
  }

  slots(message: SlotsMessage): void {
    this.#current.peek()?.subscriptions.report(message.slots);
  }

  layers(message: LayersMessage): void {
    this.#current.peek()?.link.setLayers(message.source, message.layers);
  }

  networkChanged(): void {
    void this.#current.peek()?.link.restart();
  }

  /** The room has turned to the server while this session was still there. */
  retry(): void {
    this.#current.peek()?.link.retry();
  }

  /** Signalling is back. `known`: the server has kept our seat, else it knows nothing of the connection. */
  recover(known: boolean): void {
    if (!known) {
      this.#connect();
      return;
    }
    this.#current.peek()?.link.recover();
    this.#current.peek()?.subscriptions.repeat();
  }

  close(): void {
    this.#stopWatching();
    this.#former.peek()?.close();
    this.#current.peek()?.close();
    batch(() => {
      this.#former.value = undefined;
      this.#current.value = undefined;
    });
  }

  /** A new connection. The one before goes when this one is connected, at once when it carries nothing. */
  #connect(): void {
    const { lease, may, others, wishes, createConnection, offer, freshLease, troubled, subscribe, media } = this.#options;
    const link: MediaLink = new MediaLink({
      lease: lease(),
      may: may(),
      slots: { audio: voiceSlots(others()), video: slotsFor(Math.min(others(), FIRST_SLOTS_MAX)) },
      wishes,
      createConnection,
      offer,
      freshLease,
      troubled,
      broken: () => {
        if (this.link.peek() === link) this.#connect();
      },
    });
    const route: Route = new Route(link, (slots) => {
      if (this.#current.peek() !== route) return;
      subscribe(slots).catch((error: unknown) => {
        const passes = error instanceof ChannelError && (error.code === ErrorCode.RemoteNotFound || error.code === ErrorCode.RateLimited);
        if (passes) setTimeout(() => route.subscriptions.repeat(), WISH_AGAIN_MS);
      });
    });
    link.setMedia(media());
    for (const wish of this.#wishes.values()) route.subscriptions.want(wish);
    const before = this.#current.peek();
    const alive = before?.link.state.peek() === 'connected' || before?.link.state.peek() === 'reconnecting';
    batch(() => {
      if (alive) this.#former.peek()?.close();
      else before?.close();
      if (alive) this.#former.value = before;
      this.#current.value = route;
    });
    this.#stopWatching();
    this.#stopWatching = effect(() => {
      if (link.state.value !== 'connected' || !this.#former.peek()) return;
      queueMicrotask(() => {
        this.#former.peek()?.close();
        this.#former.value = undefined;
      });
    });
  }
}

function voiceSlots(others: number): number {
  // One more than there are people to hear: a shared screen has a sound, too.
  return Math.min(Math.max(others, 2) + 1, AUDIO_SLOTS_MAX);
}
