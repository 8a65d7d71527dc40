// Pages of live streams: what is on air, and a player that plays it whatever it takes.
import { seriousFindings } from '../harness/axe.ts';
import { Encoder } from '../harness/encoder.ts';
import { PHONE } from '../harness/person.ts';
import { expect, test as base } from '../harness/test.ts';
import { hears, loses, observes, pictures, watches } from '../harness/viewer.ts';

/** How long it may take until a page notices that its stream has gone, or is back. */
const NOTICES = { timeout: 40_000 };
const THEMES = ['dark', 'light', 'contrast'] as const;

/** An encoder that publishes `lesson` from the moment in which it is called, until the test ends. */
const test = base.extend<{ publishes: (keyFrameSeconds?: number) => Encoder }>({
  publishes: async ({ server }, use) => {
    const encoders: Encoder[] = [];
    await use((keyFrameSeconds) => {
      const encoder = Encoder.publishes(server.rtmpUrl('lesson'), { keyFrameSeconds });
      encoders.push(encoder);
      return encoder;
    });
    for (const encoder of encoders) await encoder.stop();
  },
});

test('what an encoder publishes appears in the list, and plays by WebRTC, by HLS and by FLV, with sound', async ({ arrives, server, publishes }) => {
  const ana = await arrives('Ana');
  const { page } = ana;
  await page.goto(`${server.origin}/live`);
  await expect(ana.control('live-empty')).toBeVisible();
  await expect(ana.control('begin-whip')).toHaveText(`${server.origin}/whip/live/lesson`);
  await expect(ana.control('begin-rtmp')).toHaveText(`rtmp://127.0.0.1:${server.ports.rtmp}/live`);
  const encoder = publishes();
  await ana.control('live-stream').click();
  await expect(page).toHaveURL(`${server.origin}/live/lesson`);
  await watches(page, 'webrtc');
  if (await ana.control('sound-tap').isVisible()) await ana.control('sound-tap').click();
  await hears(page);
  await expect(ana.control('viewers')).toHaveText('1 watching', NOTICES);
  for (const way of ['hls', 'flv']) {
    await test.step(`by ${way}`, async () => {
      await ana.control('player-way').selectOption(way);
      await watches(page, way);
      await hears(page);
    });
  }
  await ana.presses('player-details');
  await expect(ana.control('figure-way')).toHaveText('HTTP-FLV');
  await expect(ana.control('figure-size')).toContainText('320 × 180');
  await expect(ana.control('figure-delay')).toHaveText(/^\d+\.\d s$/);
  expect(encoder.log).toBe('');
});

test('who comes before the publisher waits for it, sees it go, and sees the next one', async ({ arrives, server, publishes }) => {
  const ana = await arrives('Ana', PHONE);
  const { page } = ana;
  await page.goto(`${server.origin}/live/lesson`);
  await expect(ana.control('player-waiting')).toBeVisible();
  const first = publishes();
  await watches(page, 'webrtc');
  await first.stop();
  await expect(ana.control('player')).toHaveAttribute('data-state', 'waiting', NOTICES);
  publishes();
  await watches(page, 'webrtc');
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 'nothing hangs over the page').toBe(0);
});

test('a server that was started anew is found again', async ({ arrives, server, publishes }) => {
  const ana = await arrives('Ana');
  await ana.page.goto(`${server.origin}/live/lesson`);
  publishes();
  await watches(ana.page, 'webrtc');
  await server.end();
  await expect(ana.control('player')).toHaveAttribute('data-state', 'reconnecting', NOTICES);
  await server.run();
  publishes();
  await watches(ana.page, 'webrtc');
});

test('who comes long after a key frame sees a picture at once, and a smooth live one after that', async ({ arrives, server, publishes }) => {
  const ana = await arrives('Ana');
  const { page } = ana;
  await observes(page);
  // The next key frame is further away than this test lasts.
  publishes(60);
  await expect.poll(async () => {
    const answer = await fetch(`${server.origin}/api/v1/live/streams/live/lesson`);
    return answer.ok ? Date.now() - (await answer.json() as { since: number }).since : 0;
  }, { message: 'on air for a while', ...NOTICES }).toBeGreaterThan(4_000);
  await page.goto(`${server.origin}/live/lesson`);
  await watches(page, 'webrtc');
  await expect.poll(async () => (await pictures(page)).decoded, { message: 'all that followed the key frame', ...NOTICES }).toBeGreaterThan(150);
  const early = await pictures(page);
  expect(early.keys).toBe(1);
  await expect.poll(async () => (await pictures(page)).decoded, { message: 'it goes on', ...NOTICES }).toBeGreaterThan(early.decoded + 75);
  const late = await pictures(page);
  expect((late.waitedSeconds - early.waitedSeconds) / (late.decoded - early.decoded), 'no delay has built up').toBeLessThan(0.4);
  expect(late.frozenSeconds).toBeLessThan(1);
});

test('where UDP is shut it plays by WebRTC over TCP, and says so', async ({ arrives, server, publishes }) => {
  const ana = await arrives('Ana');
  await loses(ana.page, 'udp');
  publishes();
  await ana.page.goto(`${server.origin}/live/lesson`);
  await watches(ana.page, 'webrtc');
  await ana.presses('player-details');
  await expect(ana.control('figure-way')).toHaveText('WebRTC over TCP');
});

test('where neither UDP nor TCP leads to the media server it plays by HLS, and says why', async ({ arrives, server, publishes }) => {
  const ana = await arrives('Ana');
  await loses(ana.page, '(udp|tcp)');
  publishes();
  await ana.page.goto(`${server.origin}/live/lesson`);
  await watches(ana.page, 'hls');
  await ana.presses('player-details');
  await expect(ana.control('figure-way')).toHaveText('Low-latency HLS');
  await expect(ana.control('player-detours').locator('[data-way=webrtc]')).toHaveAttribute('data-reason', 'no-connection');
});

test('the player obeys keys, and axe finds nothing serious in any theme', async ({ arrives, server, publishes }) => {
  const ana = await arrives('Ana');
  const { page } = ana;
  publishes();
  await page.goto(`${server.origin}/live/lesson`);
  await watches(page, 'webrtc');
  const video = page.locator('[data-testid=live-video]');
  const paused = () => video.evaluate((one: HTMLVideoElement) => one.paused);
  await page.keyboard.press('Space');
  expect(await paused()).toBe(true);
  await page.keyboard.press('k');
  await expect.poll(paused).toBe(false);
  await page.keyboard.press('m');
  const muted = await video.evaluate((one: HTMLVideoElement) => one.muted);
  await page.keyboard.press('m');
  expect(await video.evaluate((one: HTMLVideoElement) => one.muted)).toBe(!muted);
  await page.keyboard.press('ArrowDown');
  await expect(ana.control('player-volume')).toHaveValue('0.95');
  await page.keyboard.press('d');
  await expect(ana.control('playback-details')).toBeVisible();
  await page.keyboard.press('f');
  await expect.poll(() => page.evaluate(() => document.fullscreenElement?.getAttribute('data-testid'))).toBe('player');
  await page.keyboard.press('f');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const theme of THEMES) {
    await page.evaluate((chosen) => { document.documentElement.dataset.theme = chosen; }, theme);
    expect(await seriousFindings(page), theme).toEqual([]);
  }
  await ana.control('share-open').click();
  expect(await seriousFindings(page)).toEqual([]);
});
