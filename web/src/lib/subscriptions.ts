/**
 * What the page shows, as wishes to the media server. Tiles say whom they show and how large; this gives each a slot and
 * sends only what changed, not more often than needed.
 */
import { signal } from '@preact/signals-core';
import type { Priority, SlotReason, SlotReport, SlotRequest, SlotState, Source } from './meeting-message';
import { VIDEO_SLOTS_MAX, type Slot } from './media-link';

/** New pictures are asked for together, but at once as people see it. */
const NEW_WISH_MS = 30;
/** A window that is dragged larger changes every tile many times a second. */
const CHANGED_WISH_MS = 250;
/** A tile that changes by less than this part needs no other picture. */
const SIZE_TOLERANCE = 0.1;
/** Slots are had in such numbers, so that a room that fills offers seldom: full grids. */
const STEPS = [4, 9, 16, 25, 36, VIDEO_SLOTS_MAX] as const;

/** A tile's wish. Sizes are in device pixels. */
export interface Wish {
  uid: string;
  source: Exclude<Source, 'microphone'>;
  width: number;
  height: number;
  priority: Priority;
  /** False for a tile that is scrolled away, or on a page that nobody looks at: it keeps its slot as long as there are enough. */
  visible: boolean;
}

/** What comes of a wish. */
export interface Feed {
  uid: string;
  source: Source;
  mid: string;
  track: MediaStreamTrack;
  state: SlotState;
  /** Why it is not live. */
  reason: SlotReason | undefined;
  layer: string | undefined;
  temporal: number | undefined;
}

export interface SubscriptionsOptions {
  send: (slots: readonly SlotRequest[]) => void;
  /** More slots for pictures are needed. */
  grow: (count: number) => void;
}

interface Place {
  slot: Slot;
  /** Key of the wish that has this slot. */
  key: string | undefined;
  /** What the server was last told. */
  told: SlotRequest | undefined;
  report: SlotReport | undefined;
}

export function feedKey(uid: string, source: Source): string {
  return `${source} ${uid}`;
}

/** How many slots to have for `count` pictures. */
export function slotsFor(count: number): number {
  return STEPS.find((step) => step >= count) ?? VIDEO_SLOTS_MAX;
}

export class Subscriptions {
  /** By {@link feedKey}. */
  readonly feeds = signal<ReadonlyMap<string, Feed>>(new Map());
  /** Who is heard in which slot, by mid. The server chooses. */
  readonly voices = signal<ReadonlyMap<string, string>>(new Map());

  readonly #options: SubscriptionsOptions;
  readonly #wishes = new Map<string, Wish>();
  readonly #places = new Map<string, Place>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueMs = Infinity;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  want(wish: Wish): void {
    const key = feedKey(wish.uid, wish.source);
    const known = this.#wishes.get(key);
    this.#wishes.set(key, wish);
    const urgent = !known || known.visible !== wish.visible || known.priority !== wish.priority;
    this.#schedule(urgent ? NEW_WISH_MS : CHANGED_WISH_MS);
  }

  drop(uid: string, source: Wish['source']): void {
    if (this.#wishes.delete(feedKey(uid, source))) this.#schedule(CHANGED_WISH_MS);
  }

  /** The slots that there are, after each negotiation. */
  setSlots(slots: readonly Slot[]): void {
    for (const slot of slots) if (!this.#places.has(slot.mid)) this.#places.set(slot.mid, { slot, key: undefined, told: undefined, report: undefined });
    for (const mid of [...this.#places.keys()]) if (!slots.some((slot) => slot.mid === mid)) this.#places.delete(mid);
    this.#flush();
  }

  report(reports: readonly SlotReport[]): void {
    for (const report of reports) {
      const place = this.#places.get(report.mid);
      if (place) place.report = report;
    }
    this.#publish();
  }

  /** Tells the server everything again: it may have lost it. */
  repeat(): void {
    for (const place of this.#places.values()) place.told = undefined;
    this.#schedule(NEW_WISH_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#wishes.clear();
    this.#places.clear();
    this.#publish();
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined && delayMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = delayMs;
    this.#timer = setTimeout(() => this.#flush(), delayMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#places.size === 0) return;
    this.#assign();
    const changed: SlotRequest[] = [];
    for (const place of this.#places.values()) {
      const request = this.#request(place);
      if (!request || (place.told && isSame(place.told, request))) continue;
      // What was reported is about what was there before.
      if (request.remoteUid === null || place.told?.remoteUid !== request.remoteUid || place.told.source !== request.source) place.report = undefined;
      place.told = request;
      changed.push(request);
    }
    this.#publish();
    if (changed.length > 0) this.#options.send(changed);
  }

  /** A wish that has a slot keeps it. The visible ones come first; when slots are short, the others give theirs up. */
  #assign(): void {
    const held = new Set<string>();
    for (const place of this.#places.values()) {
      if (place.key !== undefined && !this.#wishes.has(place.key)) place.key = undefined;
      if (place.key !== undefined) held.add(place.key);
    }
    const missing = [...this.#wishes].filter(([key]) => !held.has(key)).sort(([, one], [, other]) => Number(other.visible) - Number(one.visible));
    let pictures = 0;
    for (const wish of this.#wishes.values()) if (wish.source !== 'screen-audio') pictures++;
    for (const [key, wish] of missing) {
      const place = this.#freePlace(wish);
      if (place) place.key = key;
    }
    const present = [...this.#places.values()].filter((place) => place.slot.kind === 'video').length;
    if (pictures > present && present < VIDEO_SLOTS_MAX) this.#options.grow(slotsFor(pictures));
  }

  /** Voices fill the audio slots from the first on; a shared screen's sound is given the last. */
  #freePlace(wish: Wish): Place | undefined {
    const kind = wish.source === 'screen-audio' ? 'audio' : 'video';
    const places = [...this.#places.values()].filter((place) => place.slot.kind === kind);
    if (kind === 'audio') places.reverse();
    const free = places.find((place) => place.key === undefined);
    if (free || !wish.visible) return free;
    return places.find((place) => place.key !== undefined && this.#wishes.get(place.key)?.visible === false);
  }

  #request({ slot, key, told }: Place): SlotRequest | undefined {
    const wish = key === undefined ? undefined : this.#wishes.get(key);
    if (!wish) return told && { mid: slot.mid, remoteUid: null };
    const { uid, source, width, height, priority, visible } = wish;
    return { mid: slot.mid, remoteUid: uid, source, width: Math.round(width), height: Math.round(height), priority, paused: !visible };
  }

  #publish(): void {
    const feeds = new Map<string, Feed>();
    const voices = new Map<string, string>();
    for (const { slot, key, report } of this.#places.values()) {
      const wish = key === undefined ? undefined : this.#wishes.get(key);
      if (key !== undefined && wish) {
        const fits = report?.remoteUid !== undefined && feedKey(report.remoteUid, report.source) === key;
        feeds.set(key, {
          uid: wish.uid,
          source: wish.source,
          mid: slot.mid,
          track: slot.track,
          state: fits ? report.state : 'waiting',
          reason: fits ? report.reason : undefined,
          layer: fits ? report.layer : undefined,
          temporal: fits ? report.temporal : undefined,
        });
      } else if (key === undefined && slot.kind === 'audio' && report?.remoteUid !== undefined) voices.set(slot.mid, report.remoteUid);
    }
    this.feeds.value = feeds;
    this.voices.value = voices;
  }
}

function isSame(one: SlotRequest, other: SlotRequest): boolean {
  if (one.remoteUid === null || other.remoteUid === null) return one.remoteUid === other.remoteUid;
  return (
    one.remoteUid === other.remoteUid &&
    one.source === other.source &&
    one.priority === other.priority &&
    one.paused === other.paused &&
    isNear(one.width, other.width) &&
    isNear(one.height, other.height)
  );
}

function isNear(one: number, other: number): boolean {
  return Math.abs(one - other) <= SIZE_TOLERANCE * Math.max(one, other);
}
