/** Check 15: sharing the screen; the browser asks which one, so it needs a click. */
import type { Check } from '../context';
import { outcome, type Outcome } from '../types';
import { readOpenError, type OpenError } from './bench';

export interface ScreenFindings {
  readonly error: OpenError | null;
  readonly surface: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly sound: boolean;
}

export function judgeScreen({ error, surface, width, height, sound }: ScreenFindings): Outcome {
  const details = { error: error?.name ?? null, surface, width, height, sound };
  if (error?.name === 'NotAllowedError') {
    return outcome('info', 'verdict.screen-share.refused', { advice: 'advice.screen-share.refused', details });
  }
  if (error) return outcome('warn', 'verdict.screen-share.failed', { advice: 'advice.screen-share.refused', details });
  const values = { size: `${width ?? '?'}x${height ?? '?'}` };
  if (sound) return outcome('pass', 'verdict.screen-share.sound', { values, details });
  return outcome('pass', 'verdict.screen-share.ok', { values, details });
}

function absent(): Outcome | null {
  if (!globalThis.isSecureContext) return outcome('skipped', 'verdict.insecure');
  if ('mediaDevices' in navigator && 'getDisplayMedia' in navigator.mediaDevices) return null;
  return outcome('warn', 'verdict.screen-share.absent', { advice: 'advice.screen-share.absent' });
}

export const screenShare: Check = {
  id: 'screen-share',
  group: 'media',
  timeoutMs: 55_000,
  gesture: true,
  precheck: () => absent() ?? outcome('skipped', 'verdict.screen-share.waiting'),
  run: async () => {
    const missing = absent();
    if (missing) return missing;
    const wishes = { video: true, audio: true, systemAudio: 'include', surfaceSwitching: 'include' };
    const nothing = { surface: null, width: null, height: null, sound: false };
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia(wishes as DisplayMediaStreamOptions);
      const settings = stream.getVideoTracks()[0]?.getSettings() ?? {};
      const sound = stream.getAudioTracks().length > 0;
      for (const track of stream.getTracks()) track.stop();
      return judgeScreen({
        error: null,
        surface: settings.displaySurface ?? null,
        width: settings.width ?? null,
        height: settings.height ?? null,
        sound,
      });
    } catch (error) {
      return judgeScreen({ ...nothing, error: readOpenError(error) });
    }
  },
};
