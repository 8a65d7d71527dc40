// A page that publishes a camera in layers, and one that plays their variants with hls.js, put into the page by the debugger.
import { readFile } from 'node:fs/promises';

import type { Page } from '@playwright/test';

const HLS_JS = new URL('../../web/node_modules/hls.js/dist/hls.light.min.js', import.meta.url);

export interface Variant {
  width: number;
  height: number;
  bitrate: number;
}

export interface Picture {
  width: number;
  height: number;
  seconds: number;
  frames: number;
}

interface Player {
  levels: Variant[];
  nextLevel: number;
  on(event: string, listener: (name: string, data: { fatal: boolean; details: string }) => void): void;
  loadSource(url: string): void;
  attachMedia(video: HTMLVideoElement): void;
}

declare global {
  var camera: RTCPeerConnection;
  var player: Player;
  var troubles: string[];
}

/** Publishes camera and microphone, the camera in two layers of H.264: 640 by 360, and half of that. Of more, a browser sends two at this size. */
export function publishesLayers(page: Page, url: string): Promise<void> {
  return page.evaluate(async (whip: string) => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
    const [sound, picture] = [stream.getAudioTracks()[0], stream.getVideoTracks()[0]];
    if (!sound || !picture) throw new Error('no camera');
    globalThis.camera = new RTCPeerConnection();
    camera.addTransceiver(sound, { direction: 'sendonly', streams: [stream] });
    const sendEncodings = [2, 1].map((by) => ({ rid: `by${by}`, scaleResolutionDownBy: by, maxBitrate: 1_200_000 / by / by + 100_000 }));
    const video = camera.addTransceiver(picture, { direction: 'sendonly', streams: [stream], sendEncodings });
    const h264 = RTCRtpSender.getCapabilities('video')?.codecs.filter(({ mimeType }) => mimeType === 'video/H264') ?? [];
    video.setCodecPreferences(h264);
    await camera.setLocalDescription();
    const answer = await fetch(whip, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: camera.localDescription?.sdp ?? '' });
    await camera.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  }, url);
}

/** Which layers are sent at this moment, by their widths. */
export function widthsSent(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const widths = [];
    for (const report of (await camera.getStats()).values()) {
      if (report.type === 'outbound-rtp' && report.kind === 'video' && report.framesPerSecond > 0) widths.push(Number(report.frameWidth));
    }
    return widths.sort((one, other) => one - other);
  });
}

/** Sends a layer no more, or again. */
export function turns(page: Page, rid: string, active: boolean): Promise<void> {
  return page.evaluate(async ({ name, on }) => {
    const sender = camera.getSenders().find(({ track }) => track?.kind === 'video');
    const parameters = sender?.getParameters();
    const layer = parameters?.encodings.find((encoding) => encoding.rid === name);
    if (!sender || !parameters || !layer) throw new Error(`no layer ${name}`);
    layer.active = on;
    await sender.setParameters(parameters);
  }, { name: rid, on: active });
}

/** Plays with hls.js, and says which variants there are to choose from. */
export async function playsVariants(page: Page, url: string): Promise<Variant[]> {
  await page.evaluate(await readFile(HLS_JS, 'utf8'));
  return page.evaluate(async (playlist: string) => {
    const video = document.createElement('video');
    Object.assign(video, { autoplay: true, muted: true, playsInline: true });
    document.body.replaceChildren(video);
    const { Hls } = globalThis as unknown as { Hls: { new (config: object): Player } };
    globalThis.troubles = [];
    globalThis.player = new Hls({ enableWorker: false, lowLatencyMode: true });
    player.on('hlsError', (_, { fatal, details }) => troubles.push(fatal ? `fatal ${details}` : details));
    const parsed = new Promise<void>((resolve) => player.on('hlsManifestParsed', () => resolve()));
    player.loadSource(playlist);
    player.attachMedia(video);
    await parsed;
    return player.levels.map(({ width, height, bitrate }) => ({ width, height, bitrate }));
  }, url);
}

/** Chooses a variant by its place, the smallest first; -1 lets hls.js choose. */
export function chooses(page: Page, level: number): Promise<void> {
  return page.evaluate((next: number) => {
    player.nextLevel = next;
  }, level);
}

/** What is shown at this moment. */
export function shown(page: Page): Promise<Picture> {
  return page.evaluate(() => {
    const video = [...document.querySelectorAll('video')].at(-1);
    if (!video) throw new Error('nothing is played');
    return { width: video.videoWidth, height: video.videoHeight, seconds: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames };
  });
}

/** What hls.js complained of. */
export function troublesOf(page: Page): Promise<string[]> {
  return page.evaluate(() => troubles);
}
