/** Four bars: how good the line is, and why it is not better. A press opens the figures. */
import type { Quality } from '../../lib/quality';
import { t } from '../texts';

const BARS = [1, 2, 3, 4] as const;

export function QualityMark({ quality, onClick }: { quality: Quality; onClick: () => void }) {
  const label = `${t(`quality.${quality.level}`)}${quality.reason ? ` ${t(`quality.reason.${quality.reason}`)}` : ''}`;
  return (
    <button type="button" class="quality" data-level={quality.level} data-testid="quality" title={label} aria-label={label} onClick={onClick}>
      <svg width="20" height="16" viewBox="0 0 20 16" aria-hidden="true">
        {BARS.map((bar) => (
          <rect key={bar} x={(bar - 1) * 5} y={16 - bar * 4} width="3.5" height={bar * 4} rx="1" class={bar <= quality.level ? 'quality-on' : 'quality-out'} />
        ))}
      </svg>
    </button>
  );
}
