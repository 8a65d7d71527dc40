/** Check 12: what this browser can send and receive, and whether hardware does the work. */
import type { Check } from '../context';
import { outcome, type Outcome } from '../types';

export interface Codec {
  readonly mimeType: string;
  readonly sdpFmtpLine?: string;
}

export interface CodecMatrix {
  readonly sendVideo: readonly Codec[];
  readonly receiveVideo: readonly Codec[];
  readonly sendAudio: readonly Codec[];
  readonly receiveAudio: readonly Codec[];
  /** Per video codec: smooth and power-efficient (that is, in hardware) sending at 1280x720, 30 fps; `null` unknown. */
  readonly hardware: Readonly<Record<string, boolean | null>>;
}

/** One of these on both sides is what every WebRTC endpoint has to have (RFC 7742 section 5). */
const COMMON_VIDEO = ['VP8', 'H264'];
/** Entries of a codec list that carry no picture or sound of their own. */
const NOT_A_CODEC = /^(rtx|red|ulpfec|flexfec-03|telephone-event|CN)$/i;

/** `H264 42e01f`, `VP9 0`, `opus`: name and the one parameter that decides whether two ends understand each other. */
export function codecNames(list: readonly Codec[]): readonly string[] {
  const names = list
    .filter(({ mimeType }) => !NOT_A_CODEC.test(mimeType.split('/')[1] ?? ''))
    .map(({ mimeType, sdpFmtpLine }) => {
      const profile = /(?:profile-level-id|profile-id|profile)=([^;]+)/.exec(sdpFmtpLine ?? '')?.[1];
      const name = mimeType.split('/')[1] ?? mimeType;
      return profile === undefined ? name : `${name} ${profile}`;
    });
  return [...new Set(names)];
}

function bare(list: readonly Codec[]): Set<string> {
  return new Set(list.map(({ mimeType }) => (mimeType.split('/')[1] ?? '').toUpperCase()));
}

export function judgeCodecs(matrix: CodecMatrix): Outcome {
  const audioAids = bare(matrix.sendAudio);
  const details = {
    sendVideo: codecNames(matrix.sendVideo),
    receiveVideo: codecNames(matrix.receiveVideo),
    sendAudio: codecNames(matrix.sendAudio),
    receiveAudio: codecNames(matrix.receiveAudio),
    audioRed: audioAids.has('RED'),
    hardware: matrix.hardware,
  };
  const both = (name: string, send: readonly Codec[], receive: readonly Codec[]) =>
    bare(send).has(name) && bare(receive).has(name);
  const opus = both('OPUS', matrix.sendAudio, matrix.receiveAudio);
  const common = COMMON_VIDEO.filter((name) => both(name, matrix.sendVideo, matrix.receiveVideo));
  if (!opus || common.length === 0) {
    const names = [...(opus ? [] : ['opus']), ...(common.length === 0 ? COMMON_VIDEO : [])].join(', ');
    return outcome('fail', 'verdict.codecs.none', { values: { names }, advice: 'advice.browser.known', details });
  }
  const names = [...new Set(details.sendVideo.map((name) => name.split(' ')[0] as string))].join(', ');
  if (common.length < COMMON_VIDEO.length) {
    const missing = COMMON_VIDEO.filter((name) => !common.includes(name)).join(', ');
    return outcome('pass', 'verdict.codecs.partial', { values: { names, missing }, details });
  }
  return outcome('pass', 'verdict.codecs.ok', { values: { names }, details });
}

async function inHardware(mimeType: string): Promise<boolean | null> {
  try {
    const answer = await navigator.mediaCapabilities.encodingInfo({
      type: 'webrtc',
      video: { contentType: mimeType, width: 1280, height: 720, bitrate: 1_500_000, framerate: 30 },
    });
    return answer.supported && answer.powerEfficient;
  } catch {
    // Not every browser knows the "webrtc" type; unknown is an answer too.
    return null;
  }
}

export const codecs: Check = {
  id: 'codecs',
  group: 'browser',
  timeoutMs: 4_000,
  run: async () => {
    const sendVideo = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
    const kinds = [...new Set(sendVideo.map(({ mimeType }) => mimeType))];
    const real = kinds.filter((mimeType) => !NOT_A_CODEC.test(mimeType.split('/')[1] ?? ''));
    const hardware = await Promise.all(real.map(async (type) => [type.split('/')[1], await inHardware(type)] as const));
    return judgeCodecs({
      sendVideo,
      receiveVideo: RTCRtpReceiver.getCapabilities('video')?.codecs ?? [],
      sendAudio: RTCRtpSender.getCapabilities('audio')?.codecs ?? [],
      receiveAudio: RTCRtpReceiver.getCapabilities('audio')?.codecs ?? [],
      hardware: Object.fromEntries(hardware),
    });
  },
};
