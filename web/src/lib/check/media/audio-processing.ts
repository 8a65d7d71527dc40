/** Check 9: what the browser does to the microphone's sound: echo, noise, level, voice isolation. */
import type { Check } from '../context';
import { outcome, type Outcome } from '../types';

const ASKED = ['echoCancellation', 'noiseSuppression', 'autoGainControl', 'voiceIsolation'] as const;
type Processing = (typeof ASKED)[number];

export interface ProcessingFindings {
  readonly supported: Readonly<Record<Processing, boolean>>;
  /** What is on after asking for all; `null` where the browser does not tell. */
  readonly active: Readonly<Record<Processing, boolean | null>>;
}

export function judgeProcessing({ supported, active }: ProcessingFindings): Outcome {
  const details = { supported, active };
  if (!supported.echoCancellation || active.echoCancellation === false) {
    return outcome('info', 'verdict.audio-processing.no-echo', { advice: 'advice.audio-processing.headset', details });
  }
  if (active.noiseSuppression === true) return outcome('info', 'verdict.audio-processing.both', { details });
  return outcome('info', 'verdict.audio-processing.echo', { details });
}

function each<T>(value: (name: Processing) => T): Record<Processing, T> {
  return {
    echoCancellation: value('echoCancellation'),
    noiseSuppression: value('noiseSuppression'),
    autoGainControl: value('autoGainControl'),
    voiceIsolation: value('voiceIsolation'),
  };
}

export const audioProcessing: Check = {
  id: 'audio-processing',
  group: 'media',
  timeoutMs: 4_000,
  run: async ({ media }) => {
    const { audio } = await media.open();
    const { track } = audio;
    if (track === null) return outcome('skipped', 'verdict.microphone.closed', { details: { error: audio.error.name } });
    const constraints = navigator.mediaDevices.getSupportedConstraints() as Record<string, boolean | undefined>;
    const supported = each((name) => constraints[name] === true);
    await track.applyConstraints(each((name) => ({ ideal: supported[name] })) as MediaTrackConstraints);
    const settings = track.getSettings() as Record<string, unknown>;
    // `echoCancellation` may also be a word ("all", "remote-only"): a kind of yes.
    const active = each((name) => (settings[name] === undefined ? null : settings[name] !== false));
    return judgeProcessing({ supported, active });
  },
};
