// What is on air goes on to another server, which is a whole server, too.
import { seriousFindings } from '../harness/axe.ts';
import { PHONE } from '../harness/person.ts';
import { ParlorServer } from '../harness/server.ts';
import { expect, test } from '../harness/test.ts';
import { PLAYS_MS } from '../harness/viewer.ts';

test.use({ settings: { 'live.forward_allow_networks': ['127.0.0.0/8'] } });

test('who may sends the stream on from the studio, sees how that goes, and ends it', async ({ arrives, server }) => {
  const far = await ParlorServer.start();
  const ana = await arrives('Ana', PHONE);
  const { page } = ana;
  const isThere = async () => (await page.request.get(`${far.origin}/api/v1/live/streams/live/copy-of-key`)).status();
  await test.step('without a token nobody is offered it', async () => {
    await page.goto(`${server.origin}/studio?stream=talk`);
    await ana.control('studio-go').click();
    await expect(ana.control('studio-viewers')).toBeVisible({ timeout: PLAYS_MS });
    await expect(ana.control('studio-targets')).toBeHidden();
    await ana.control('studio-end').click();
    await expect(ana.control('studio-go')).toBeVisible();
  });
  await page.goto(`${server.origin}/admin${new URL(await server.adminLink()).hash}`);
  await expect(page).not.toHaveURL(/token/);
  await page.goto(`${server.origin}/studio?stream=talk`);
  await ana.control('studio-go').click();
  await ana.control('studio-targets').locator('summary').click();
  await test.step('an address that cannot be is refused with the reason', async () => {
    await ana.control('studio-target-url').fill('http://video.example.com/live2');
    await ana.control('studio-target-add').click();
    await expect(ana.control('studio-target-problem')).toHaveAttribute('data-problem', 'bad-url');
  });
  await test.step('another server gets it under the key, which nobody sees', async () => {
    await ana.control('studio-target-url').fill(far.rtmpUrl('').replace(/\/$/, ''));
    await ana.control('studio-target-key').fill('copy-of-key');
    await ana.control('studio-target-add').click();
    await expect(ana.control('studio-target')).toHaveAttribute('data-state', 'on-air', { timeout: PLAYS_MS });
    await expect(ana.control('studio-target-key')).toHaveValue('');
    expect(await isThere()).toBe(200);
    expect(await page.content()).not.toContain('copy-of-key');
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
  });
  await test.step('it ends there when it is removed', async () => {
    await ana.control('studio-target-remove').click();
    await expect(ana.control('studio-target')).toBeHidden();
    await expect.poll(isThere).toBe(404);
    await expect(ana.control('studio-state')).toHaveAttribute('data-state', 'live');
  });
  await far.stop();
});
