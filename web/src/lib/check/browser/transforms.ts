/** Check 14: the interfaces behind end-to-end encryption and background effects. */
import type { Check } from '../context';
import { outcome, type Outcome } from '../types';

export interface TransformAbility {
  readonly scriptTransform: boolean;
  readonly createEncodedStreams: boolean;
  readonly trackProcessor: boolean;
  readonly trackGenerator: boolean;
  readonly videoTrackGenerator: boolean;
  readonly webCodecs: boolean;
  readonly webTransport: boolean;
  readonly webGl2: boolean;
  readonly webGpu: boolean;
  readonly wasmSimd: boolean;
}

export function judgeTransforms(ability: TransformAbility): Outcome {
  const details = { ...ability };
  const encryption = ability.scriptTransform || ability.createEncodedStreams;
  const drawing = ability.webGl2 || ability.webGpu || ability.wasmSimd;
  const pictures = ability.trackProcessor && (ability.trackGenerator || ability.videoTrackGenerator);
  if (encryption && drawing && pictures) return outcome('info', 'verdict.transforms.both', { details });
  if (encryption) return outcome('info', 'verdict.transforms.encryption', { details });
  if (drawing && pictures) return outcome('info', 'verdict.transforms.effects', { details });
  return outcome('info', 'verdict.transforms.none', { details });
}

/**
 * The smallest module with a vector instruction: one function of type () -> v128 that makes a vector of 16 bytes
 * from `i32.const 0` with `i8x16.splat`. An engine without SIMD refuses it.
 */
const SIMD_MODULE = [
  [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version 1
  [0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type section: () -> v128
  [0x03, 0x02, 0x01, 0x00], // function section: one function of type 0
  [0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x0b], // code section: i32.const 0, i8x16.splat, end
];

function hasWebGl2(): boolean {
  try {
    return new OffscreenCanvas(1, 1).getContext('webgl2') !== null;
  } catch {
    return false;
  }
}

export const transforms: Check = {
  id: 'transforms',
  group: 'browser',
  timeoutMs: 2_000,
  run: () => {
    const has = (name: string) => name in globalThis;
    return judgeTransforms({
      scriptTransform: has('RTCRtpScriptTransform'),
      createEncodedStreams: has('RTCRtpSender') && 'createEncodedStreams' in RTCRtpSender.prototype,
      trackProcessor: has('MediaStreamTrackProcessor'),
      trackGenerator: has('MediaStreamTrackGenerator'),
      videoTrackGenerator: has('VideoTrackGenerator'),
      webCodecs: has('VideoEncoder') && has('VideoDecoder'),
      webTransport: has('WebTransport'),
      webGl2: hasWebGl2(),
      webGpu: 'gpu' in navigator,
      wasmSimd: has('WebAssembly') && WebAssembly.validate(new Uint8Array(SIMD_MODULE.flat())),
    });
  },
};
