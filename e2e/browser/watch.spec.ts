// Pages of live streams: what is on air, and a player that plays it whatever it takes.
import { Encoder } from '../harness/encoder.ts';
import { expect, test } from '../harness/test.ts';
import { hears, watches } from '../harness/viewer.ts';

test('what an encoder publishes appears in the list, and plays by WebRTC, by HLS and by FLV, with sound', async ({ arrives, server }) => {
  const ana = await arrives('Ana');
  const { page } = ana;
  await page.goto(`${server.origin}/live`);
  await expect(ana.control('live-empty')).toBeVisible();
  await expect(ana.control('begin-whip')).toHaveText(`${server.origin}/whip/live/lesson`);
  await expect(ana.control('begin-rtmp')).toHaveText(`rtmp://127.0.0.1:${server.ports.rtmp}/live`);
  const encoder = Encoder.publishes(server.rtmpUrl('lesson'));
  try {
    await ana.control('live-stream').click();
    await expect(page).toHaveURL(`${server.origin}/live/lesson`);
    await watches(page, 'webrtc');
    if (await ana.control('sound-tap').isVisible()) await ana.control('sound-tap').click();
    await hears(page);
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
  } finally {
    await encoder.stop();
  }
  expect(encoder.log).toBe('');
});
