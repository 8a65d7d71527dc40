// What is seen and heard of each of several people, measured in the page's own elements and statistics.
import type { Page } from '@playwright/test';

import { expect } from './test.ts';
import type { Person } from './person.ts';

/** How long a meeting may take until everybody has everybody. */
const MEETING_MS = 30_000;
/** A picture counts as moving when it was drawn this often. */
const PICTURES_MIN = 8;

declare global {
  /** By name of the person shown: when a new picture was drawn in their tile, in milliseconds of the page. */
  var drawn: Record<string, number[]>;
}

/** From here on notes every picture that is drawn in a tile, whichever video element draws it. */
async function watchTiles(person: Person): Promise<void> {
  await person.page.evaluate(() => {
    globalThis.drawn = {};
    const watched = new WeakSet<HTMLVideoElement>();
    const watch = (video: HTMLVideoElement, name: string) => {
      const note = (now: number) => {
        // A picture that waits behind another one is not seen.
        if (video.isConnected && !video.classList.contains('video-next')) (globalThis.drawn[name] ??= []).push(now);
        video.requestVideoFrameCallback(note);
      };
      video.requestVideoFrameCallback(note);
    };
    setInterval(() => {
      for (const tile of document.querySelectorAll<HTMLElement>('[data-testid=remote-tile]')) {
        const name = tile.getAttribute('aria-label') ?? '';
        for (const video of tile.querySelectorAll('video')) {
          if (watched.has(video)) continue;
          watched.add(video);
          watch(video, name);
        }
      }
    }, 20);
  });
}

/** Follows the link into a meeting, and notes from there on every picture that is drawn in a tile. */
export async function joinsMeeting(person: Person, link: string): Promise<void> {
  await person.opensAndJoins(link);
  await isInMeeting(person);
}

/** Is inside; from here on every picture that is drawn in a tile is noted. */
export async function isInMeeting(person: Person): Promise<void> {
  await expect(person.control('hangup')).toBeVisible();
  await watchTiles(person);
}

function picturesOf(page: Page, name: string): Promise<number> {
  return page.evaluate((who) => globalThis.drawn[who]?.length ?? 0, name);
}

/** How many pixels wide the picture is that comes of somebody, however large it is shown. */
export function pixelsOf(person: Person, name: string): Promise<number> {
  return person.page.getByRole('article', { name, exact: true }).locator('video:not(.video-next)').first()
    .evaluate((video) => (video as HTMLVideoElement).videoWidth);
}

/** The longest time, from a moment of the page until now, in which no new picture of somebody was drawn. */
export function longestGap(person: Person, name: string, since: number): Promise<number> {
  return person.page.evaluate(
    ([who, begin]) => {
      const times = [...(globalThis.drawn[who] ?? []).filter((time) => time > begin), performance.now()];
      return Math.round(times.reduce(({ longest, last }, time) => ({ longest: Math.max(longest, time - last), last: time }), { longest: 0, last: begin }).longest);
    },
    [name, since] as const,
  );
}

/** How often a lost packet of a picture was asked for again, on all connections. */
export function repairsAsked(person: Person): Promise<number> {
  return person.page.evaluate(async () => {
    let asked = 0;
    for (const connection of globalThis.observedConnections) {
      for (const entry of ((await connection.getStats()) as unknown as Map<string, Record<string, any>>).values()) {
        if (entry.type === 'inbound-rtp' && entry.kind === 'video') asked += entry.nackCount ?? 0;
      }
    }
    return asked;
  });
}

/** The moment of a person's page. */
export function moment(person: Person): Promise<number> {
  return person.page.evaluate(() => performance.now());
}

/** From this moment on new pictures of somebody are drawn. */
export async function sees(person: Person, name: string, within = MEETING_MS): Promise<void> {
  const before = await picturesOf(person.page, name);
  await expect.poll(() => picturesOf(person.page, name), { message: `${person.name} sees ${name}`, timeout: within }).toBeGreaterThanOrEqual(before + PICTURES_MIN);
}

/** Voices that are played and not silent, by the browser's statistics of every connection. */
export function voicesHeard(page: { evaluate<T>(work: () => Promise<T>): Promise<T> }): Promise<number> {
  return page.evaluate(async () => {
    const energies = async () => {
      const found = new Map<string, number>();
      for (const [index, connection] of globalThis.observedConnections.entries()) {
        if (connection.connectionState === 'closed') continue;
        for (const entry of ((await connection.getStats()) as unknown as Map<string, Record<string, any>>).values()) {
          if (entry.type === 'inbound-rtp' && entry.kind === 'audio') found.set(`${index} ${entry.id}`, entry.totalAudioEnergy ?? 0);
        }
      }
      return found;
    };
    const before = await energies();
    // The made-up microphone beeps once a second.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    let heard = 0;
    for (const [id, energy] of await energies()) if (energy > (before.get(id) ?? 0) + 1e-6) heard += 1;
    return heard;
  });
}

export async function hears(person: Person, voices: number): Promise<void> {
  await expect.poll(() => voicesHeard(person.page), { message: `${person.name} hears ${voices}`, timeout: MEETING_MS }).toBe(voices);
}

/** Everybody sees and hears everybody. */
export async function meet(people: readonly Person[]): Promise<void> {
  await Promise.all(
    people.map(async (person) => {
      const others = people.filter((other) => other !== person);
      for (const other of others) await sees(person, other.name);
      await hears(person, others.length);
    }),
  );
}

/** Which way the media of the room takes, as the page says. */
export async function isToldTheWay(person: Person, mode: 'p2p' | 'sfu', within = MEETING_MS): Promise<void> {
  await expect(person.control('topology')).toHaveAttribute('data-mode', mode, { timeout: within });
}

/** By which way somebody is shown. */
export async function showsBy(person: Person, name: string, path: 'direct' | 'server'): Promise<void> {
  await expect(person.page.getByRole('article', { name, exact: true })).toHaveAttribute('data-path', path, { timeout: MEETING_MS });
}
