// What was recorded of a stream: whoever looks after the server plays it, keeps it, deletes it.
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { seriousFindings } from '../harness/axe.ts';
import { Encoder } from '../harness/encoder.ts';
import { PHONE } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';
import { PLAYS_MS } from '../harness/viewer.ts';

const FOLDER = join(tmpdir(), `parlor-recordings-${process.pid}`);

test.use({ settings: { 'recording.folder': FOLDER } });

test.afterAll(() => rm(FOLDER, { recursive: true, force: true }));

test('a recording is played, saved and deleted on its page, by whoever has the token', async ({ arrives, server }) => {
  const ana = await arrives('Ana', PHONE);
  const { page } = ana;
  await page.goto(`${server.origin}/recordings`);
  await expect(ana.control('token-form')).toBeVisible();
  expect(await seriousFindings(page)).toEqual([]);
  const token = new URL(await server.adminLink()).hash.replace('#token=', '');
  await ana.control('token').fill(token);
  await ana.control('token-submit').click();
  await expect(ana.control('recordings-empty')).toBeVisible();

  const encoder = Encoder.publishes(server.rtmpUrl('lesson'));
  const record = (what: string) => page.request.post(`${server.origin}/api/v1/recordings/${what}`, { data: { app: 'live', stream: 'lesson' }, headers: { authorization: `Bearer ${token}` } });
  await expect.poll(async () => (await record('start')).status(), 'it begins as soon as the stream is on air').toBe(204);
  await expect(ana.control('recording')).toHaveAttribute('data-state', 'recording');
  await expect.poll(async () => (await ana.control('recording').innerText()).match(/ (\d+) s/)?.[1] ?? '0', 'it grows').not.toBe('0');
  expect((await record('stop')).status()).toBe(204);
  await encoder.stop();
  await expect(ana.control('recording')).toHaveAttribute('data-state', 'finished');

  await test.step('it plays in the page', async () => {
    await ana.control('recording-play').click();
    const video = page.locator('[data-testid=recording-video]');
    await expect.poll(() => video.evaluate((one: HTMLVideoElement) => one.getVideoPlaybackQuality().totalVideoFrames)).toBeGreaterThan(5);
    expect(await video.evaluate((one: HTMLVideoElement) => one.videoWidth)).toBe(320);
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
  });
  await test.step('it is saved as a file', async () => {
    const [saved] = await Promise.all([page.waitForEvent('download'), ana.control('recording-download').click()]);
    expect(saved.suggestedFilename()).toMatch(/lesson.*\.mp4$/);
    expect(await saved.failure()).toBeNull();
  });
  await test.step('it is deleted after it was asked once more', async () => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    await ana.control('recording-delete').click();
    await ana.control('recording-delete-confirm').click();
    await expect(ana.control('recordings-empty')).toBeVisible();
  });
});

test('who may record does so in the studio, and the recording plays on its page', async ({ arrives, server }) => {
  const ana = await arrives('Ana', PHONE);
  const { page } = ana;
  await test.step('without a token nobody is offered it', async () => {
    await page.goto(`${server.origin}/studio?stream=talk`);
    await ana.control('studio-go').click();
    await expect(ana.control('studio-viewers')).toBeVisible({ timeout: PLAYS_MS });
    await expect(ana.control('studio-recording')).toBeHidden();
    await ana.control('studio-end').click();
    await expect(ana.control('studio-go')).toBeVisible();
  });
  await test.step('whoever looks after the server is', async () => {
    await page.goto(`${server.origin}/admin${new URL(await server.adminLink()).hash}`);
    await expect(page).not.toHaveURL(/token/);
    await page.goto(`${server.origin}/studio?stream=talk`);
    await ana.control('studio-go').click();
    await expect(ana.control('studio-state')).toHaveAttribute('data-state', 'live');
    await ana.control('studio-record').click();
    await expect(ana.control('studio-recording')).toHaveAttribute('data-state', 'recording', { timeout: PLAYS_MS });
    await expect(ana.control('studio-recording-mark')).toHaveText(/^recording since \d+:\d\d/);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
  });
  const [recordings] = await Promise.all([page.waitForEvent('popup'), ana.control('studio-recordings').click()]);
  const entry = recordings.getByTestId('recording');
  await expect(entry).toHaveAttribute('data-state', 'recording');
  await expect.poll(async () => Number((await entry.innerText()).match(/ (\d+) s/)?.[1] ?? '0'), { message: 'it grows', timeout: PLAYS_MS }).toBeGreaterThan(2);
  await ana.control('studio-record-stop').click();
  await expect(ana.control('studio-recording')).toHaveAttribute('data-state', 'idle');
  await expect(ana.control('studio-recording-mark')).toBeHidden();
  await expect(ana.control('studio-state')).toHaveAttribute('data-state', 'live');

  await expect(entry).toHaveAttribute('data-state', 'finished', { timeout: PLAYS_MS });
  await entry.getByTestId('recording-play').click();
  const video = recordings.getByTestId('recording-video');
  await expect.poll(() => video.evaluate((one: HTMLVideoElement) => one.getVideoPlaybackQuality().totalVideoFrames)).toBeGreaterThan(5);
  expect(await video.evaluate((one: HTMLVideoElement) => one.videoWidth)).toBeGreaterThan(100);
});
