// What a page's peer connections really do, read from the browser's own statistics and from the pixels of its video
// elements. The page is not asked: what it shows about itself is compared with this.
import type { BrowserContext, Page } from '@playwright/test';

/** One side's view of the call. */
export interface Media {
  state: RTCPeerConnectionState | 'none';
  framesDecoded: number;
  frameWidth: number;
  frameHeight: number;
  codec: string;
  /** Sums of energy, so that sound shows as growth. */
  audioEnergy: number;
  audioSeconds: number;
  freezes: number;
  freezeSeconds: number;
  videoPacketsLost: number;
  /** `host`, `srflx`, `prflx` or `relay`, and over what. */
  local: Candidate;
  remote: Candidate;
  roundTripMs: number;
}

export interface Candidate {
  type: string;
  protocol: string;
  /** How this side reaches its TURN server: `udp`, `tcp` or `tls`; '' when the path is not relayed. */
  relayProtocol: string;
  address: string;
  port: number;
}

/** A picture as the page shows it. */
export interface Picture {
  width: number;
  height: number;
  /** Mean brightness 0 to 255, and how much it varies over the picture. */
  mean: number;
  deviation: number;
}

declare global {
  var observedConnections: RTCPeerConnection[];
}

/** Keeps every peer connection that pages of `context` make. */
export async function observeConnections(context: BrowserContext): Promise<void> {
  await context.addInitScript(keepConnections);
}

/** Runs in a page, before its own scripts. */
export function keepConnections(): void {
  globalThis.observedConnections = [];
  const Native = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      globalThis.observedConnections.push(this);
    }
  };
}

/** Measures the page's newest peer connection. */
export function measure(page: Page): Promise<Media> {
  return page.evaluate(async () => {
    const none = { type: '', protocol: '', relayProtocol: '', address: '', port: 0 };
    const media = {
      state: 'none' as RTCPeerConnectionState | 'none', framesDecoded: 0, frameWidth: 0, frameHeight: 0, codec: '', audioEnergy: 0,
      audioSeconds: 0, freezes: 0, freezeSeconds: 0, videoPacketsLost: 0, local: none, remote: none, roundTripMs: 0,
    };
    const connection = globalThis.observedConnections.filter((one) => one.connectionState !== 'closed').at(-1);
    if (!connection) return media;
    media.state = connection.connectionState;
    const report = (await connection.getStats()) as unknown as Map<string, Record<string, any>>;
    const candidate = (id: string) => {
      const { candidateType = '', protocol = '', relayProtocol = '', address = '', port = 0 } = report.get(id) ?? {};
      return { type: candidateType, protocol, relayProtocol, address, port };
    };
    for (const entry of report.values()) {
      // With a screen beside the camera there are two videos: add up what grows.
      if (entry.type === 'inbound-rtp' && entry.kind === 'video') {
        media.framesDecoded += entry.framesDecoded;
        media.frameWidth = entry.frameWidth ?? media.frameWidth;
        media.frameHeight = entry.frameHeight ?? media.frameHeight;
        media.codec = report.get(entry.codecId)?.mimeType ?? media.codec;
        media.freezes += entry.freezeCount ?? 0;
        media.freezeSeconds += entry.totalFreezesDuration ?? 0;
        media.videoPacketsLost += entry.packetsLost ?? 0;
      } else if (entry.type === 'inbound-rtp' && entry.kind === 'audio') {
        media.audioEnergy += entry.totalAudioEnergy ?? 0;
        media.audioSeconds += entry.totalSamplesDuration ?? 0;
      } else if (entry.type === 'transport' && entry.selectedCandidatePairId) {
        const pair = report.get(entry.selectedCandidatePairId) ?? {};
        media.local = candidate(pair.localCandidateId);
        media.remote = candidate(pair.remoteCandidateId);
        media.roundTripMs = Math.round(1000 * (pair.currentRoundTripTime ?? 0));
      }
    }
    return media;
  });
}

/** Looks at what a video element shows at this moment. */
export function look(page: Page, video: string): Promise<Picture> {
  return page.locator(video).first().evaluate((found) => {
    const element = found instanceof HTMLVideoElement ? found : found.querySelector('video');
    const size = 64;
    const picture = { width: element?.videoWidth ?? 0, height: element?.videoHeight ?? 0, mean: 0, deviation: 0 };
    const brush = new OffscreenCanvas(size, size).getContext('2d', { willReadFrequently: true });
    if (!element || !brush || !picture.width) return picture;
    brush.drawImage(element, 0, 0, size, size);
    const pixels = brush.getImageData(0, 0, size, size).data;
    const bright: number[] = [];
    for (let i = 0; i < pixels.length; i += 4) bright.push(((pixels[i] ?? 0) + (pixels[i + 1] ?? 0) + (pixels[i + 2] ?? 0)) / 3);
    picture.mean = bright.reduce((sum, value) => sum + value, 0) / bright.length;
    picture.deviation = Math.sqrt(bright.reduce((sum, value) => sum + (value - picture.mean) ** 2, 0) / bright.length);
    return picture;
  });
}
