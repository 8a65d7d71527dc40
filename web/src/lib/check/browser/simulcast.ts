/** Check 13: whether this browser can send several sizes at once, which meetings with a media server use. */
import type { Check } from '../context';
import { outcome, type Outcome } from '../types';

export interface LayerAbility {
  /** The offer really names three encodings. */
  readonly simulcast: boolean;
  /** Codec and scalability mode pairs the browser accepts. */
  readonly scalability: readonly string[];
}

export function judgeLayers({ simulcast, scalability }: LayerAbility): Outcome {
  const details = { simulcast, scalability };
  if (simulcast && scalability.length > 0) return outcome('info', 'verdict.simulcast.both', { details });
  if (simulcast) return outcome('info', 'verdict.simulcast.sizes', { details });
  if (scalability.length > 0) return outcome('info', 'verdict.simulcast.layers', { details });
  return outcome('info', 'verdict.simulcast.none', { details });
}

const MODES = ['L1T2', 'L1T3', 'L3T3_KEY'];

async function offersSimulcast(): Promise<boolean> {
  const connection = new RTCPeerConnection();
  try {
    connection.addTransceiver('video', {
      direction: 'sendonly',
      sendEncodings: [{ rid: 'q', scaleResolutionDownBy: 4 }, { rid: 'h', scaleResolutionDownBy: 2 }, { rid: 'f' }],
    });
    const { sdp } = await connection.createOffer();
    return /^a=simulcast:send q;h;f/m.test(sdp ?? '');
  } catch {
    return false;
  } finally {
    connection.close();
  }
}

async function acceptsMode(mimeType: string, scalabilityMode: string): Promise<boolean> {
  try {
    const video = { contentType: mimeType, width: 1280, height: 720, bitrate: 1_500_000, framerate: 30, scalabilityMode };
    return (await navigator.mediaCapabilities.encodingInfo({ type: 'webrtc', video })).supported;
  } catch {
    return false;
  }
}

async function scalableModes(): Promise<readonly string[]> {
  const names = new Set((RTCRtpSender.getCapabilities('video')?.codecs ?? []).map(({ mimeType }) => mimeType));
  const pairs = [...names]
    .filter((type) => /\/(VP8|VP9|AV1|H264|H265)$/i.test(type))
    .flatMap((type) => MODES.map((mode) => [type, mode] as const));
  const accepted = await Promise.all(pairs.map(([type, mode]) => acceptsMode(type, mode)));
  return pairs.filter((_pair, index) => accepted[index]).map(([type, mode]) => `${type.split('/')[1]} ${mode}`);
}

export const simulcast: Check = {
  id: 'simulcast',
  group: 'browser',
  timeoutMs: 4_000,
  run: async () => {
    const [several, scalability] = await Promise.all([offersSimulcast(), scalableModes()]);
    return judgeLayers({ simulcast: several, scalability });
  },
};
