/** Check 10: only a person can tell whether a loudspeaker sounds. */
import type { Check } from '../context';
import { outcome, type Outcome } from '../types';

const TONE_MS = 1_500;

export function judgeHeard(heard: boolean, chosen: boolean): Outcome {
  const details = { heard, chosenOutput: chosen };
  if (heard) return outcome('pass', 'verdict.speaker.ok', { details });
  return outcome('warn', 'verdict.speaker.unheard', { advice: 'advice.speaker.unheard', details });
}

export const speaker: Check = {
  id: 'speaker',
  group: 'media',
  timeoutMs: 45_000,
  gesture: true,
  precheck: () => outcome('skipped', 'verdict.speaker.waiting'),
  run: async ({ surroundings, signal }) => {
    const sink = surroundings.sinkId();
    await surroundings.playTone(sink, TONE_MS, signal);
    return judgeHeard(await surroundings.askHeard(signal), sink !== '');
  },
};
