/** Check 8: whether sound comes from the microphone, neither too little nor too much. */
import type { Check } from '../context';
import { decibels, round } from '../statistics';
import { outcome, type Outcome } from '../types';
import { listen, type Sound } from './sound';

export interface MicrophoneFindings {
  readonly label: string;
  /** The system or a switch on the device mutes the track. */
  readonly muted: boolean;
  /** `null` when the browser wants a click first. */
  readonly sound: Sound | null;
}

const LISTEN_MS = 2_000;
/** A quiet room with a working microphone peaks above this; below it, the wrong or a dead device listens. */
const QUIET_DB = -60;

export function judgeMicrophone({ label, muted, sound }: MicrophoneFindings): Outcome {
  if (sound === null) {
    return outcome('skipped', 'verdict.microphone.click', { advice: 'advice.microphone.click', details: { label, muted } });
  }
  const { peak, rms, zeroShare, clippedRuns, samples, sampleRate, stereo } = sound;
  const peakDb = decibels(peak);
  const details = {
    label,
    muted,
    peakDb,
    rmsDb: decibels(rms),
    zeroShare: round(zeroShare, 3),
    clippedRuns,
    samples,
    sampleRate,
    stereo,
  };
  if (muted) return outcome('fail', 'verdict.microphone.muted', { advice: 'advice.microphone.muted', details });
  if (peakDb === null) return outcome('fail', 'verdict.microphone.silent', { advice: 'advice.microphone.silent', details });
  const values = { db: Math.round(peakDb) };
  if (peakDb < QUIET_DB) {
    return outcome('warn', 'verdict.microphone.quiet', { values, advice: 'advice.microphone.quiet', details });
  }
  if (clippedRuns > 0) return outcome('warn', 'verdict.microphone.clipped', { advice: 'advice.microphone.clipped', details });
  return outcome('pass', 'verdict.microphone.ok', { values, details });
}

export const microphone: Check = {
  id: 'microphone',
  group: 'media',
  timeoutMs: 8_000,
  run: async ({ media, signal }) => {
    const { audio } = await media.open();
    const { track } = audio;
    if (track === null) return outcome('skipped', 'verdict.microphone.closed', { details: { error: audio.error.name } });
    const sound = await listen(track, LISTEN_MS, signal);
    return judgeMicrophone({ label: track.label, muted: track.muted, sound });
  },
};
