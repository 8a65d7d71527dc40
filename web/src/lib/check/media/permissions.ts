/** Check 5: whether the browser and the system let this page use camera and microphone. */
import type { Check } from '../context';
import { outcome, type CheckTextKey, type Outcome } from '../types';
import type { Opened, OpenError } from './bench';

export interface PermissionFindings {
  readonly video: OpenError | null;
  readonly audio: OpenError | null;
  /** What `permissions.query` says; `unknown` where it cannot be asked. */
  readonly cameraState: string;
  readonly microphoneState: string;
  /** The browser's message names the operating system as the one who refuses. */
  readonly systemBlock: boolean;
}

/** The sentence for an error, the same for both devices; the worst one is told when they differ. */
const ERRORS: readonly { readonly name: OpenError['name']; readonly verdict: CheckTextKey; readonly advice: CheckTextKey }[] = [
  { name: 'NotAllowedError', verdict: 'verdict.permissions.denied', advice: 'advice.permissions.denied' },
  { name: 'Unanswered', verdict: 'verdict.permissions.unanswered', advice: 'advice.permissions.unanswered' },
  { name: 'NotReadableError', verdict: 'verdict.permissions.busy', advice: 'advice.permissions.busy' },
  { name: 'AbortError', verdict: 'verdict.permissions.busy', advice: 'advice.permissions.busy' },
  { name: 'OverconstrainedError', verdict: 'verdict.permissions.busy', advice: 'advice.permissions.busy' },
  { name: 'Other', verdict: 'verdict.permissions.other', advice: 'advice.again' },
];

export function judgePermissions({ video, audio, cameraState, microphoneState, systemBlock }: PermissionFindings): Outcome {
  const details = {
    camera: video?.name ?? 'granted',
    microphone: audio?.name ?? 'granted',
    cameraState,
    microphoneState,
    messages: [video?.message, audio?.message].filter((message): message is string => Boolean(message)),
  };
  if (video === null && audio === null) return outcome('pass', 'verdict.permissions.ok', { details });
  if (systemBlock) {
    return outcome('fail', 'verdict.permissions.system', { advice: 'advice.permissions.system', details });
  }
  const names = [video?.name, audio?.name];
  const worst = ERRORS.find(({ name }) => names.includes(name));
  // A device that is not there is the business of the list of devices; here it was not refused.
  if (!worst) return outcome('pass', 'verdict.permissions.partial', { details });
  const half = video === null ? 'microphone' : audio === null ? 'camera' : null;
  if (worst.name === 'NotAllowedError' && half !== null) {
    const verdict = half === 'camera' ? 'verdict.permissions.denied-camera' : 'verdict.permissions.denied-microphone';
    return outcome('fail', verdict, { advice: worst.advice, details });
  }
  return outcome('fail', worst.verdict, { advice: worst.advice, details });
}

/** Chromium says "Permission denied by system"; Firefox and Safari say nothing of the kind. */
export function refusedBySystem(video: Opened, audio: Opened): boolean {
  return [video, audio].some(({ error }) => error?.name === 'NotAllowedError' && /by system/i.test(error.message));
}

async function state(name: 'camera' | 'microphone'): Promise<string> {
  try {
    return (await navigator.permissions.query({ name: name as PermissionName })).state;
  } catch {
    return 'unknown';
  }
}

export const permissions: Check = {
  id: 'permissions',
  group: 'media',
  // Longer than an open question may stay open, asked at most three times when devices are missing.
  timeoutMs: 30_000,
  unlocks: ['devices', 'camera', 'microphone', 'audio-processing'],
  run: async ({ media }) => {
    if (!('mediaDevices' in navigator)) return outcome('skipped', 'verdict.insecure');
    const { video, audio } = await media.open();
    const [cameraState, microphoneState] = await Promise.all([state('camera'), state('microphone')]);
    const systemBlock = refusedBySystem(video, audio);
    return judgePermissions({ video: video.error, audio: audio.error, cameraState, microphoneState, systemBlock });
  },
};
