/** Says to everybody in the room that others watch it. It does not fade: nobody is watched without seeing it. */
import { Eye } from 'lucide';
import { Icon } from '../components/Icon';
import type { CallView } from './call-view';
import { t } from '../texts';

export function OnAir({ view }: { view: CallView }) {
  const { stream, viewers } = view.call.meeting.room.value;
  if (stream === 'off') return null;
  return (
    <p class="on-air" title={t(stream === 'open' ? 'onair.open' : 'onair.token')} role="status" data-testid="on-air">
      <Icon icon={Eye} size={16} />
      {t('onair.viewers', { n: viewers })}
    </p>
  );
}
