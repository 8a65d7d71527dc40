/** Check 4: the interfaces a call needs, and those that make it comfortable. */
import type { Check } from '../context';
import { outcome, type Outcome } from '../types';

/** `call`: no call without it. `comfort`: something in the call page is missing. `extra`: only told. */
type Need = 'call' | 'comfort' | 'extra';

export interface Api {
  readonly name: string;
  readonly need: Need;
  readonly present: boolean;
}

export function judgeApis(list: readonly Api[], recorderTypes: readonly string[], secure = true): Outcome {
  const missing = (need: Need) => list.filter((api) => api.need === need && !api.present).map(({ name }) => name);
  const details = { ...Object.fromEntries(list.map(({ name, present }) => [name, present])), recorderTypes };
  const [call, comfort, extra] = [missing('call'), missing('comfort'), missing('extra')];
  if (call.length > 0 && !secure) return outcome('skipped', 'verdict.insecure', { details });
  if (call.length > 0) {
    return outcome('fail', 'verdict.apis.missing', {
      values: { names: call.join(', ') },
      advice: 'advice.browser.known',
      details,
    });
  }
  if (comfort.length > 0) {
    return outcome('warn', 'verdict.apis.comfort', {
      values: { names: comfort.join(', ') },
      advice: 'advice.browser.update',
      details,
    });
  }
  if (extra.length > 0) {
    return outcome('pass', 'verdict.apis.extra', { values: { names: extra.join(', ') }, details });
  }
  return outcome('pass', 'verdict.apis.ok', { details });
}

const RECORDER_TYPES = [
  'video/webm;codecs=vp8,opus',
  'video/webm;codecs=vp9,opus',
  'video/webm;codecs=av1,opus',
  'video/mp4;codecs=avc1.42e01f,mp4a.40.2',
  'video/mp4;codecs=avc1.42e01f,opus',
];

function prototypeHas(constructor: string, member: string): boolean {
  const found = (globalThis as Record<string, unknown>)[constructor];
  return typeof found === 'function' && member in (found.prototype as object);
}

function has(holder: object | undefined, member: string): boolean {
  return holder !== undefined && member in holder;
}

function survey(): readonly Api[] {
  // Absent in a page that is not a secure context, whatever the types say.
  const media = navigator.mediaDevices as MediaDevices | undefined;
  const api = (need: Need, name: string, present: boolean): Api => ({ name, need, present });
  return [
    api('call', 'getUserMedia', has(media, 'getUserMedia')),
    api('call', 'enumerateDevices', has(media, 'enumerateDevices')),
    api('call', 'RTCPeerConnection', 'RTCPeerConnection' in globalThis),
    api('call', 'addTransceiver', prototypeHas('RTCPeerConnection', 'addTransceiver')),
    api('call', 'restartIce', prototypeHas('RTCPeerConnection', 'restartIce')),
    api('call', 'getStats', prototypeHas('RTCPeerConnection', 'getStats')),
    api('call', 'replaceTrack', prototypeHas('RTCRtpSender', 'replaceTrack')),
    api('call', 'WebSocket', 'WebSocket' in globalThis),
    api('comfort', 'applyConstraints', prototypeHas('MediaStreamTrack', 'applyConstraints')),
    api('comfort', 'AudioContext', 'AudioContext' in globalThis),
    api('comfort', 'AudioWorklet', 'AudioWorklet' in globalThis),
    api('extra', 'setSinkId', prototypeHas('HTMLMediaElement', 'setSinkId')),
    api('extra', 'wakeLock', 'wakeLock' in navigator),
    api('extra', 'getDisplayMedia', has(media, 'getDisplayMedia')),
    api('extra', 'MediaRecorder', 'MediaRecorder' in globalThis),
    api('extra', 'pictureInPicture', prototypeHas('HTMLVideoElement', 'requestPictureInPicture')),
    api('extra', 'documentPictureInPicture', 'documentPictureInPicture' in globalThis),
    api('extra', 'share', 'share' in navigator),
    api('extra', 'locks', 'locks' in navigator),
  ];
}

export const apis: Check = {
  id: 'apis',
  group: 'browser',
  timeoutMs: 1_000,
  run: () => {
    const recorder = 'MediaRecorder' in globalThis ? MediaRecorder : null;
    return judgeApis(survey(), RECORDER_TYPES.filter((type) => recorder?.isTypeSupported(type) ?? false), globalThis.isSecureContext);
  },
};
