/** A status as shape and colour, and as a word for those who see neither. */
import { CircleCheck, CircleDashed, CircleMinus, CircleX, Ellipsis, Info, TriangleAlert } from 'lucide';
import type { IconNode } from 'lucide';
import type { CheckStatus } from '../../lib/check/types';
import { Icon } from '../components/Icon';
import { t } from './texts';

const ICONS: Readonly<Record<CheckStatus, IconNode>> = {
  pending: CircleDashed,
  running: Ellipsis,
  pass: CircleCheck,
  warn: TriangleAlert,
  fail: CircleX,
  info: Info,
  skipped: CircleMinus,
};

/** `silent` when a sentence beside it says the same. */
export function StatusIcon({ status, size = 20, silent = false }: { status: CheckStatus; size?: number; silent?: boolean }) {
  return (
    <span class={`check-mark check-mark-${status}`}>
      <Icon icon={ICONS[status]} size={size} />
      {!silent && <span class="visually-hidden">{t(`status.${status}`)}</span>}
    </span>
  );
}
