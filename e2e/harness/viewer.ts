// A person who watches a stream on its page. What plays is read from the video element, not from what the page says of itself.
import { type Page, expect } from '@playwright/test';

import { look } from './observer.ts';

/** Seconds of the stream that must go by, and what its tone must reach. */
const SECONDS = 1;
const LEVEL_MIN = 0.01;
const BRIGHTNESS_DEVIATION_MIN = 4;

/** How long it may take until a stream plays, with a player that is loaded first and a segment that is waited for. */
export const PLAYS_MS = 30_000;

const VIDEO = '[data-testid=live-video]';

interface Progress {
  frames: number;
  seconds: number;
}

function progress(page: Page): Promise<Progress> {
  return page.locator(VIDEO).evaluate((video: HTMLVideoElement) => ({ frames: video.getVideoPlaybackQuality().totalVideoFrames, seconds: video.currentTime }));
}

/** The stream plays by that way: pictures follow each other and are no blank. */
export async function watches(page: Page, way: string): Promise<void> {
  const player = page.getByTestId('player');
  await expect(player).toHaveAttribute('data-state', 'playing', { timeout: PLAYS_MS });
  await expect(player).toHaveAttribute('data-way', way);
  const before = await progress(page);
  await expect.poll(async () => (await progress(page)).seconds, { message: 'time goes on' }).toBeGreaterThan(before.seconds + SECONDS);
  await expect.poll(async () => (await progress(page)).frames, { message: 'pictures follow each other' }).toBeGreaterThan(before.frames + 10);
  await expect.poll(async () => (await look(page, VIDEO)).deviation, { message: 'the picture is no blank' }).toBeGreaterThan(BRIGHTNESS_DEVIATION_MIN);
}

/** The video element gives sound, as loud as it was sent. Needs a press on the page before. */
export async function hears(page: Page): Promise<void> {
  await expect.poll(() => page.locator(VIDEO).evaluate(loudness), { message: 'the tone is heard' }).toBeGreaterThan(LEVEL_MIN);
}

/** Runs in the page: the loudest of some moments, 0 to 1. */
async function loudness(video: HTMLVideoElement & { captureStream?: () => MediaStream }): Promise<number> {
  if (video.muted || video.volume === 0) return 0;
  const stream = video.srcObject instanceof MediaStream ? video.srcObject : video.captureStream?.();
  if (!stream || stream.getAudioTracks().length === 0) return 0;
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (let moment = 0; moment < 20; moment += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    analyser.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples.map(Math.abs));
  }
  await context.close();
  return loudest;
}

/** Candidates of the server by these protocols lead nowhere, as behind a firewall. To be called before the page is opened. */
export async function loses(page: Page, protocols: string): Promise<void> {
  await page.addInitScript((shut) => {
    const Native = globalThis.RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Native {
      override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
        const candidates = new RegExp(`a=candidate:\\S+ \\d+ ${shut} .*\\r\\n`, 'gi');
        return super.setRemoteDescription({ ...description, sdp: description.sdp?.replace(candidates, '') ?? '' });
      }
    };
  }, protocols);
}

/** What became of the pictures that came by WebRTC. */
interface Pictures {
  decoded: number;
  keys: number;
  frozenSeconds: number;
  /** How long they waited in the buffer, all of them together. */
  waitedSeconds: number;
}

/** Keeps the peer connections of a page at hand. To be called before the page is opened. */
export async function observes(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const kept: RTCPeerConnection[] = [];
    Object.assign(globalThis, { keptConnections: kept });
    const Native = globalThis.RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        kept.push(this);
      }
    };
  });
}

/** The pictures of the latest connection. */
export function pictures(page: Page): Promise<Pictures> {
  return page.evaluate(async () => {
    const kept = (globalThis as unknown as { keptConnections: RTCPeerConnection[] }).keptConnections;
    const stats = await kept.at(-1)?.getStats();
    const found = { decoded: 0, keys: 0, frozenSeconds: 0, waitedSeconds: 0 };
    stats?.forEach((one: RTCInboundRtpStreamStats & { totalFreezesDuration?: number }) => {
      if (one.type !== 'inbound-rtp' || one.kind !== 'video') return;
      found.decoded = one.framesDecoded ?? 0;
      found.keys = one.keyFramesDecoded ?? 0;
      found.frozenSeconds = one.totalFreezesDuration ?? 0;
      found.waitedSeconds = one.jitterBufferDelay ?? 0;
    });
    return found;
  });
}
