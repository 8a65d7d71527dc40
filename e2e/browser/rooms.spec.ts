// A room that others watch without being in it, and that is recorded.
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { isToldTheWay } from '../harness/meeting.ts';
import { callByLink } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

const FOLDER = join(tmpdir(), `parlor-rooms-${process.pid}`);
/** From the first request to the first segment, on two busy cores. */
const SHOWN_MS = 45_000;

test.use({ settings: { 'recording.folder': FOLDER, 'recording.free_megabytes': 0 } });

test.afterAll(() => rm(FOLDER, { recursive: true, force: true }));

/** What ffprobe finds: the kinds of what plays there. */
async function kinds(url: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_type', '-of', 'csv=p=0', url], { timeout: SHOWN_MS });
  return [...new Set(stdout.split('\n').filter((line) => line !== ''))].sort();
}

test('two are watched and recorded, and both see it', async ({ arrives, link, server }) => {
  const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
  await callByLink(ana, bo, link);
  const room = new URL(link).pathname.split('/').at(-1) ?? '';

  await test.step('Ana lets others watch: the call goes through the server, and both see the badge', async () => {
    await ana.presses('people-open');
    await ana.control('stream').check();
    for (const person of [ana, bo]) {
      await expect(person.control('on-air')).toBeVisible();
      await isToldTheWay(person, 'sfu');
    }
  });

  await test.step('the stage plays by HLS, with sound and pictures', async () => {
    await expect.poll(() => kinds(`${server.origin}/room/${room}/index.m3u8`).catch((error: unknown) => [String(error)]), { timeout: SHOWN_MS }).toEqual(['audio', 'video']);
    await expect(bo.control('on-air')).toContainText(/[1-9]/);
  });

  await test.step('on its page it is seen, and not any more when Ana ends it', async () => {
    const eve = await arrives('Eve');
    await eve.page.goto(`${server.origin}/live/room/${room}`);
    await expect.poll(() => eve.page.locator('video').evaluate((video) => (video as HTMLVideoElement).videoWidth), { timeout: SHOWN_MS }).toBeGreaterThan(0);
    await ana.control('stream').uncheck();
    await expect(bo.control('on-air')).toBeHidden();
    expect((await eve.page.request.get(`${server.origin}/room/${room}.flv`)).status()).toBe(404);
  });

  await test.step('Ana records: both see it, and each is a file that plays', async () => {
    await ana.presses('record');
    for (const person of [ana, bo]) await expect(person.control('recording')).toBeVisible();
    const token = new URL(await server.adminLink()).hash.replace('#token=', '');
    const list = async () => {
      const answer = await ana.page.request.get(`${server.origin}/api/v1/recordings?app=room/${room}`, { headers: { authorization: `Bearer ${token}` } });
      return ((await answer.json()) as { recordings: { stream: string; state: string; durationMs: number; url: string }[] }).recordings;
    };
    // Another file begins with each size of the pictures.
    const members = async () => new Set((await list()).filter(({ durationMs }) => durationMs > 2_000).map(({ stream }) => stream)).size;
    await expect.poll(members, { timeout: SHOWN_MS }).toBe(2);
    await ana.presses('record');
    for (const person of [ana, bo]) await expect(person.control('recording')).toBeHidden();
    await expect.poll(async () => (await list()).every(({ state }) => state === 'finished')).toBe(true);
    for (const { url } of (await list()).filter(({ durationMs }) => durationMs > 2_000)) expect(await kinds(server.origin + url)).toEqual(['audio', 'video']);
  });
});
