// How long a picture stands still for somebody, from whenever to whenever, and how much of it the call is to blame for.
import type { Person } from './person.ts';

/** How often a page looks at what its camera gives. */
const LOOK_MS = 80;
/** A camera that gives nothing for so long stands still; less is the time between two pictures. */
const STANDS_MS = 250;

declare global {
  /** Moments, in milliseconds since 1970, with the number of pictures that the camera had given to the encoders until then. */
  var captured: [at: number, pictures: number][];
}

/** Moments with the number of pictures that a camera had given until then. */
export type Captured = readonly [at: number, pictures: number][];

export interface Stop {
  /** From one picture to the next. */
  ms: number;
  /** The part of it in which the sender's camera gave pictures. A made-up camera waits when the machine has too much to do. */
  countedMs: number;
}

/** From here on notes how many pictures the camera gives. Once in a meeting. */
export async function watchCamera(person: Person): Promise<void> {
  await person.page.evaluate((every) => {
    globalThis.captured = [];
    const look = async () => {
      let pictures = 0;
      for (const connection of globalThis.observedConnections) {
        if (connection.connectionState === 'closed') continue;
        for (const entry of ((await connection.getStats()) as unknown as Map<string, Record<string, any>>).values()) {
          if (entry.type === 'media-source' && entry.kind === 'video') pictures += entry.frames ?? 0;
        }
      }
      globalThis.captured.push([performance.timeOrigin + performance.now(), pictures]);
      setTimeout(look, every);
    };
    void look();
  }, LOOK_MS);
}

/** This moment, in milliseconds since 1970: the same in all browsers of one machine. */
export function sharedMoment(person: Person): Promise<number> {
  return person.page.evaluate(() => performance.timeOrigin + performance.now());
}

/** The shared moment at which the first picture of somebody was drawn. */
export async function firstPicture(viewer: Person, other: Person): Promise<number> {
  const [first] = await picturesDrawn(viewer, other);
  if (first === undefined) throw new Error(`${viewer.name} has seen no picture of ${other.name}`);
  return first;
}

/** What somebody's camera gave until now: to be asked for before they leave. */
export function capturedBy(person: Person): Promise<Captured> {
  return person.page.evaluate(() => globalThis.captured);
}

/** The longest stop of `other`'s picture for `viewer` from one shared moment until another, by the part of it that counts. */
export async function longestStop(viewer: Person, other: Person, captured: Captured, since: number, until: number): Promise<Stop> {
  const drawn = await picturesDrawn(viewer, other);
  const times = [since, ...drawn.filter((at) => at > since && at < until), until];
  let longest: Stop = { ms: 0, countedMs: 0 };
  for (const [index, to] of times.slice(1).entries()) {
    const from = times[index] ?? since;
    const countedMs = Math.round(to - from - cameraStood(captured, from, to));
    if (countedMs > longest.countedMs) longest = { ms: Math.round(to - from), countedMs };
  }
  return longest;
}

function picturesDrawn(viewer: Person, other: Person): Promise<number[]> {
  return viewer.page.evaluate((who) => (globalThis.drawn[who] ?? []).map((at) => performance.timeOrigin + at), other.name);
}

/** For how much of a time the camera stood still. A connection that closes takes its count with it: any other number is work. */
function cameraStood(captured: Captured, from: number, to: number): number {
  let total = 0;
  let stretch: { begin: number; pictures: number } | undefined;
  for (const [at, pictures] of [...captured, [Infinity, -1] as const]) {
    if (stretch?.pictures === pictures) continue;
    const lasted = stretch ? Math.min(at, to) - Math.max(stretch.begin, from) : 0;
    if (lasted > STANDS_MS) total += lasted;
    stretch = { begin: at, pictures };
  }
  return total;
}
