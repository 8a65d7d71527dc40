// A page that publishes a camera in layers, and one that plays their variants with hls.js, put into the page by the debugger.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

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

/** How a player went on, since it was last asked. */
export interface Course {
  /** Times that it jumped, as players do over a hole. */
  jumps: number;
  /** Times that what it has of what comes lay in two pieces. */
  holes: number;
  /** The longest time that it stood with nothing to play, and with something. */
  starvedMs: number;
  stuckMs: number;
}

declare global {
  var course: Course;
  var camera: RTCPeerConnection;
  var player: Player;
  var troubles: string[];
}

/** Publishes camera and microphone, the camera in layers of H.264, each half as wide as the one above. Of 640 by 360 a browser sends no more than two; three are sent
 * half as often, as a busy machine would send the largest one smaller. */
export function publishesLayers(page: Page, url: string, { width, layers } = { width: 640, layers: 2 }): Promise<void> {
  return page.evaluate(async ({ whip, width, layers }) => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width, height: (width * 9) / 16, frameRate: 20 / (layers - 1) } });
    const [sound, picture] = [stream.getAudioTracks()[0], stream.getVideoTracks()[0]];
    if (!sound || !picture) throw new Error('no camera');
    globalThis.camera = new RTCPeerConnection();
    camera.addTransceiver(sound, { direction: 'sendonly', streams: [stream] });
    const sendEncodings = [4, 2, 1].slice(-layers).map((by) => ({ rid: `by${by}`, scaleResolutionDownBy: by, maxBitrate: 1_200_000 / by / by + 100_000 }));
    const video = camera.addTransceiver(picture, { direction: 'sendonly', streams: [stream], sendEncodings });
    const h264 = RTCRtpSender.getCapabilities('video')?.codecs.filter(({ mimeType }) => mimeType === 'video/H264') ?? [];
    video.setCodecPreferences(h264);
    await camera.setLocalDescription();
    const answer = await fetch(whip, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: camera.localDescription?.sdp ?? '' });
    await camera.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  }, { whip: url, width, layers });
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

/** From here on notes how the player goes on, twenty times a second. Once in a page. */
export function followsCourse(page: Page): Promise<void> {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    if (!video) throw new Error('nothing is played');
    globalThis.course = { jumps: 0, holes: 0, starvedMs: 0, stuckMs: 0 };
    video.addEventListener('seeking', () => (course.jumps += 1));
    let [at, since] = [video.currentTime, performance.now()];
    setInterval(() => {
      const now = performance.now();
      const ranges = Array.from({ length: video.buffered.length }, (_, which) => [video.buffered.start(which), video.buffered.end(which)] as const);
      const ahead = ranges.filter(([, end]) => end > video.currentTime);
      if (ahead.length > 1) course.holes += 1;
      if (video.currentTime !== at) [at, since] = [video.currentTime, now];
      const hasMore = ahead.some(([, end]) => end > video.currentTime + 0.2);
      const kind = hasMore ? 'stuckMs' : 'starvedMs';
      course[kind] = Math.max(course[kind], now - since);
    }, 50);
  });
}

/** How it went on since it was last asked. */
export function courseOf(page: Page): Promise<Course> {
  return page.evaluate(() => {
    const was = course;
    globalThis.course = { jumps: 0, holes: 0, starvedMs: 0, stuckMs: 0 };
    return was;
  });
}

/** What ffprobe sees of a multivariant playlist: the width of each variant. */
export async function probes(url: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ffprobe', ['-v', 'error', '-of', 'json', '-show_programs', url]);
  const { programs } = JSON.parse(stdout) as { programs: { streams: { width?: number }[] }[] };
  return programs.flatMap(({ streams }) => streams.flatMap(({ width }) => width ?? [])).sort((one, other) => one - other);
}

/** What hls.js complained of. */
export function troublesOf(page: Page): Promise<string[]> {
  return page.evaluate(() => troubles);
}
