// A camera in layers, as players of HLS see it: a variant for each layer, among which they change while they play.
import type { Page } from '@playwright/test';

import { chooses, courseOf, followsCourse, playsVariants, probes, publishesLayers, shown, troublesOf, turns, widthsSent } from '../harness/simulcast.ts';
import { expect, test } from '../harness/test.ts';

/** A browser begins with the smallest layer, and sends all of them once it believes that its path carries them. */
const ALL = { timeout: 30_000 };
const CHANGES = { timeout: 20_000 };

/** A player stands if nothing moves for so long; hls.js calls it a stall. */
const STANDS_MS = 1_250;
const STALLS = ['bufferStalledError', 'bufferSeekOverHole', 'bufferNudgeOnStall'];

async function goesOn(page: Page, width: number): Promise<void> {
  await expect.poll(async () => (await shown(page)).width, { message: `pictures ${width} wide`, ...CHANGES }).toBe(width);
  const before = await shown(page);
  await expect.poll(async () => (await shown(page)).seconds, { message: 'time goes on' }).toBeGreaterThan(before.seconds + 2);
  await expect.poll(async () => (await shown(page)).frames, { message: 'pictures follow each other' }).toBeGreaterThan(before.frames + 10);
}

/** hls.js goes over to each of these variants, by its place and the width of its pictures. */
async function changes(page: Page, ...to: [level: number, width: number][]): Promise<void> {
  for (const [level, width] of to) {
    await test.step(`${width} wide`, async () => {
      await chooses(page, level);
      await goesOn(page, width);
    });
  }
}

for (const [name, path] of [['fragments of MP4 with parts', '/live/lesson/index.m3u8'], ['transport streams', '/live/lesson.m3u8']] as const) {
  test(`each layer of a camera is a variant of HLS in ${name}, and hls.js changes between them`, async ({ arrives, server }) => {
    const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
    await ana.page.goto(`${server.origin}/healthz`);
    await publishesLayers(ana.page, '/whip/live/lesson');
    await expect.poll(() => widthsSent(ana.page), ALL).toEqual([320, 640]);
    await bo.page.goto(`${server.origin}/healthz`);
    const variants = await playsVariants(bo.page, path);
    expect(variants.map(({ width, height }) => [width, height])).toEqual([[320, 180], [640, 360]]);
    expect(variants.map(({ bitrate }) => bitrate)).toEqual(variants.map(({ bitrate }) => bitrate).sort((one, other) => one - other));
    await changes(bo.page, [1, 640], [0, 320], [1, 640]);
    expect((await troublesOf(bo.page)).filter((trouble) => trouble.startsWith('fatal'))).toEqual([]);
  });
}

test('when a layer goes off its variant goes on with the next one, and comes back with it', async ({ arrives, server }) => {
  const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
  await ana.page.goto(`${server.origin}/healthz`);
  await publishesLayers(ana.page, '/whip/live/lesson');
  await expect.poll(() => widthsSent(ana.page), ALL).toEqual([320, 640]);
  await bo.page.goto(`${server.origin}/healthz`);
  await playsVariants(bo.page, '/live/lesson.m3u8');
  await changes(bo.page, [1, 640]);
  await turns(ana.page, 'by1', false);
  await goesOn(bo.page, 320);
  await turns(ana.page, 'by1', true);
  await goesOn(bo.page, 640);
  expect((await troublesOf(bo.page)).filter((trouble) => trouble.startsWith('fatal'))).toEqual([]);
});

test('a layer that goes off leaves no hole in LL-HLS, and none when it comes back: a player neither jumps nor stands', async ({ arrives, server }) => {
  const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
  await ana.page.goto(`${server.origin}/healthz`);
  await publishesLayers(ana.page, '/whip/live/lesson');
  await expect.poll(() => widthsSent(ana.page), ALL).toEqual([320, 640]);
  await bo.page.goto(`${server.origin}/healthz`);
  await playsVariants(bo.page, '/live/lesson/index.m3u8');
  await changes(bo.page, [1, 640]);
  await followsCourse(bo.page);
  for (const [active, width] of [[false, 320], [true, 640]] as const) {
    await turns(ana.page, 'by1', active);
    await goesOn(bo.page, width);
    const { jumps, holes, starvedMs, stuckMs } = await courseOf(bo.page);
    console.log(`${width} wide: ${jumps} jumps, ${holes} holes, stood ${Math.round(starvedMs)} ms for want of data, ${Math.round(stuckMs)} ms with some`);
    expect({ jumps, holes }, `${width} wide`).toEqual({ jumps: 0, holes: 0 });
    expect(Math.max(starvedMs, stuckMs), `${width} wide`).toBeLessThan(STANDS_MS);
  }
  expect((await troublesOf(bo.page)).filter((trouble) => STALLS.some((stall) => trouble.endsWith(stall)))).toEqual([]);
});

test('three layers are three variants, for ffprobe and for hls.js, which changes between them', async ({ arrives, server }) => {
  const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
  await ana.page.goto(`${server.origin}/healthz`);
  await publishesLayers(ana.page, '/whip/live/lesson', { width: 1280, layers: 3 });
  await expect.poll(() => widthsSent(ana.page), ALL).toEqual([320, 640, 1280]);
  await bo.page.goto(`${server.origin}/healthz`);
  const variants = await playsVariants(bo.page, '/live/lesson/index.m3u8');
  expect(variants.map(({ width, height }) => [width, height])).toEqual([[320, 180], [640, 360], [1280, 720]]);
  await changes(bo.page, [1, 640], [2, 1280], [0, 320]);
  for (const path of ['/live/lesson/index.m3u8', '/live/lesson.m3u8']) {
    expect(await probes(`${server.origin}${path}`), path).toEqual([320, 640, 1280]);
  }
  expect((await troublesOf(bo.page)).filter((trouble) => trouble.startsWith('fatal'))).toEqual([]);
});
