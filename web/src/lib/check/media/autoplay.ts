/** Check 11: whether the other side's sound starts by itself or waits for a tap. */
import type { Check } from '../context';
import { outcome, type Outcome } from '../types';

export function judgeAutoplay(muted: boolean, unmuted: boolean): Outcome {
  const details = { muted, unmuted };
  if (unmuted) return outcome('pass', 'verdict.autoplay.ok', { details });
  if (muted) return outcome('warn', 'verdict.autoplay.muted', { advice: 'advice.autoplay.tap', details });
  return outcome('warn', 'verdict.autoplay.never', { advice: 'advice.autoplay.tap', details });
}

export const autoplay: Check = {
  id: 'autoplay',
  group: 'media',
  timeoutMs: 5_000,
  run: async ({ surroundings }) => judgeAutoplay(await surroundings.mayAutoplay(true), await surroundings.mayAutoplay(false)),
};
