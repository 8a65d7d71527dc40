/** Three bars beside a name, only while the line of that person is not good; the reason is in its tooltip. */
import type { MemberQuality } from '../../lib/meeting-message';
import { t } from '../texts';

/** Levels from here on are good: nothing to show. */
const GOOD = 4;
const BARS = [1, 2, 3] as const;

export function NetworkMark({ quality: { level, reason }, name }: { quality: MemberQuality; name: string }) {
  if (level >= GOOD) return null;
  const label = `${t('network.weak', { name })}${reason ? ` ${t(`quality.reason.${reason}`)}` : ''}`;
  return (
    <span class="tile-mark" title={label} data-testid="peer-network" data-level={level} data-reason={reason}>
      <svg width="14" height="12" viewBox="0 0 14 12" aria-hidden="true">
        {BARS.map((bar) => (
          <rect key={bar} x={(bar - 1) * 5} y={12 - bar * 4} width="3.5" height={bar * 4} rx="1" class={bar <= Math.max(1, level) ? 'quality-on' : 'quality-out'} />
        ))}
      </svg>
      <span class="visually-hidden">{label}</span>
    </span>
  );
}
