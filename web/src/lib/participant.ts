/** Another member of the room, as this browser sees them. */
import { computed, signal, type ReadonlySignal } from '@preact/signals-core';
import type { MediaSession, Shown } from './media-session';
import type { MemberQuality, Mode, Source, Track } from './meeting-message';
import type { MediaState, MemberConnection } from './message';
import type { PeerLink, LinkState } from './peer-link';

/** A level of the other's voice above this counts as speaking; 0 to 1, linear. */
const SPEAKING_LEVEL = 0.02;
/** The ring stays this long after the last sound, so that it does not flicker between words. */
const SPEAKING_HOLD_MS = 600;

/** How media travel in this room: directly, or through the server. */
export interface Routing {
  readonly mode: ReadonlySignal<Mode>;
  readonly session: ReadonlySignal<MediaSession | undefined>;
}

const DIRECT: Routing = { mode: signal('p2p'), session: signal(undefined) };

export class Participant {
  readonly uid: string;
  readonly name = signal('');
  /** 1 for a client of dialect A, which knows neither chat nor states. */
  readonly dialect = signal(2);
  readonly connection = signal<MemberConnection>('online');
  /** What they say they send; undefined when they do not say. */
  readonly said = signal<MediaState | undefined>(undefined);
  readonly role = signal('member');
  /** A program that only sends, and nobody sits at. */
  readonly encoder = signal(false);
  /** What they publish through the media server. */
  readonly tracks = signal<readonly Track[]>([]);
  /** Since when the hand is raised, in milliseconds since 1970; undefined while it is down. */
  readonly hand = signal<number | undefined>(undefined);
  /** How well they are connected to the media server; undefined as long as nobody says. */
  readonly network = signal<MemberQuality | undefined>(undefined);
  /** Set while the server has forgotten them and their media may still flow. */
  readonly missing = signal(false);
  /** The link belongs to a visit that the server has forgotten: the next offer is for a new one. */
  stale = false;
  /** They were in the room when we joined: they make the first offer. */
  senior = false;
  readonly speaking = signal(false);
  readonly link = signal<PeerLink | undefined>(undefined);
  /** A picture has come by the direct way. Only asked while the room turns from the server to it. */
  readonly directPicture = signal(true);
  /** They do not need the direct link any more. Only said while the room turns to the server. */
  readonly parted = signal(false);
  /** The link before a new one has connected: its picture stays until then. */
  readonly #previous = signal<PeerLink | undefined>(undefined);
  readonly #routing: Routing;
  #lastSound = -Infinity;
  #steps: Promise<void> = Promise.resolve();

  /** The direct link whose media is shown. */
  readonly shown: ReadonlySignal<PeerLink | undefined> = computed(() => {
    const link = this.link.value;
    const previous = this.#previous.value;
    return previous && link?.state.value !== 'connected' ? previous : link;
  });
  /** The way whose media is shown. While the room turns from one to the other, the old one is shown until the new one has a picture. */
  readonly path: ReadonlySignal<'direct' | 'server'> = computed(() => {
    const session = this.#routing.session.value;
    if (!session) return 'direct';
    if (this.#routing.mode.value === 'sfu') return this.#reachable() && !this.#isServed(session) ? 'direct' : 'server';
    return this.link.value?.state.value === 'connected' && (this.directPicture.value || this.said.value?.video === false) ? 'direct' : 'server';
  });
  readonly linkState: ReadonlySignal<LinkState> = computed(() => {
    const session = this.#routing.session.value;
    if (session && this.path.value === 'server') return session.state.value;
    return this.link.value?.state.value ?? this.#previous.value?.state.value ?? 'connecting';
  });
  readonly audioOn = computed(() => this.said.value?.audio ?? true);
  /** The camera as the server sends it; undefined on the direct way. */
  readonly feed: ReadonlySignal<Shown | undefined> = computed(() => this.#feed('camera'));
  readonly screenFeed: ReadonlySignal<Shown | undefined> = computed(() => this.#feed('screen'));
  /** The picture of the camera, where there is one to show. */
  readonly picture: ReadonlySignal<readonly MediaStreamTrack[]> = computed(() => {
    if (this.said.value?.video === false) return [];
    if (this.path.value === 'server') return live(this.feed.value);
    return this.#reachable() ? this.#tracks('video') : [];
  });
  readonly videoOn = computed(() => this.picture.value.length > 0);
  readonly screenPicture: ReadonlySignal<readonly MediaStreamTrack[]> = computed(() =>
    this.path.value === 'server' ? live(this.screenFeed.value) : (this.shown.value?.screen.value ?? []).filter((track) => track.kind === 'video'),
  );
  readonly screenOn = computed(() => (this.said.value?.screen ?? false) && (this.path.value === 'server' || this.screenPicture.value.length > 0));
  /** What is heard by the direct way; the server's voices are played for all together. */
  readonly sounds: ReadonlySignal<readonly MediaStreamTrack[]> = computed(() => (this.path.value === 'direct' ? this.#tracks('audio') : []));
  readonly screenSounds: ReadonlySignal<readonly MediaStreamTrack[]> = computed(() =>
    this.path.value === 'direct' ? (this.shown.value?.screen.value ?? []).filter((track) => track.kind === 'audio') : [],
  );
  /** The server has the picture, in a codec that this browser did not offer. */
  readonly foreign = computed(() => this.path.value === 'server' && this.feed.value?.reason === 'codec');
  /** The server holds the picture back because the way to us is too narrow. */
  readonly starved = computed(() => this.path.value === 'server' && this.feed.value?.state === 'paused' && this.feed.value.reason === 'bandwidth');

  constructor(uid: string, routing: Routing = DIRECT) {
    this.uid = uid;
    this.#routing = routing;
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

  #feed(source: Source): Shown | undefined {
    return this.#routing.session.value?.find(this.uid, source);
  }

  #reachable(): boolean {
    const state = this.shown.value?.state.value;
    return state === 'connected' || state === 'reconnecting';
  }

  #isServed(session: MediaSession): boolean {
    return session.state.value === 'connected' && (this.said.value?.video === false || (this.feed.value?.steady === true && live(this.feed.value).length > 0));
  }

  #drop(link: PeerLink | undefined): void {
    link?.close();
  }
}

/**
 * The picture of a slot. It comes before the server says that it does, and a picture that waits for its next frames is
 * better than none; one that is held back or gone is not shown as if it were there.
 */
function live(feed: Shown | undefined): readonly MediaStreamTrack[] {
  const gone = feed?.state === 'paused' || feed?.reason === 'no-track' || feed?.reason === 'codec' || feed?.reason === 'muted';
  return feed?.ready && !gone ? [feed.track] : [];
}
