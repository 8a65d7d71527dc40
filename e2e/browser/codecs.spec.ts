// Streams of the younger codecs, from both sides: an encoder by Enhanced RTMP seen by WebRTC, a browser by WebRTC seen by HLS.
import type { Page } from '@playwright/test';

import { Encoder, type EncodedAs } from '../harness/encoder.ts';
import { expect, test } from '../harness/test.ts';
import { watches } from '../harness/viewer.ts';

const CODECS: EncodedAs[] = ['vp9', 'av1'];

for (const codec of CODECS) {
  test(`${codec} of an encoder plays by WebRTC and by HLS`, async ({ arrives, server }) => {
    const ana = await arrives('Ana');
    const encoder = Encoder.publishes(server.rtmpUrl('lesson'), { codec });
    try {
      await ana.page.goto(`${server.origin}/live/lesson`);
      await watches(ana.page, 'webrtc');
      await ana.presses('player-details');
      await expect(ana.control('figure-codecs')).toContainText(codec.toUpperCase());
      await ana.control('player-way').selectOption('hls');
      await watches(ana.page, 'hls');
      expect(encoder.log).toBe('');
    } finally {
      await encoder.stop();
    }
  });

  test(`${codec} of a browser plays by HLS`, async ({ arrives, arrivesApart, server }) => {
    const [ana, bo] = [await arrives('Ana'), await arrivesApart('Bo')];
    await encodes(ana.page, codec);
    await ana.page.goto(`${server.origin}/studio?stream=lesson`);
    await ana.control('studio-go').click();
    await expect(ana.control('studio-state')).toHaveAttribute('data-state', 'live');
    await bo.page.goto(`${server.origin}/live/lesson`);
    await watches(bo.page, 'webrtc');
    await bo.presses('player-details');
    await expect(bo.control('figure-codecs')).toContainText(codec.toUpperCase());
    await bo.control('player-way').selectOption('hls');
    await watches(bo.page, 'hls');
  });
}

/** Whatever the studio prefers, the codec comes first. To be called before the page is opened. */
async function encodes(page: Page, codec: EncodedAs): Promise<void> {
  await page.addInitScript((name) => {
    const native = RTCRtpTransceiver.prototype.setCodecPreferences;
    RTCRtpTransceiver.prototype.setCodecPreferences = function setCodecPreferences(): void {
      const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
      const is = ({ mimeType }: RTCRtpCodec): boolean => mimeType.toLowerCase() === `video/${name}`;
      native.call(this, codecs.toSorted((one, other) => Number(is(other)) - Number(is(one))));
    };
  }, codec);
}
