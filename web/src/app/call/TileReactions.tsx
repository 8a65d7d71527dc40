/** A raised hand, which stays, and reactions, which pass, in the corner of whoever shows them. */
import { Hand } from 'lucide';
import { Icon } from '../components/Icon';
import type { CallView } from './call-view';
import { REACTION_ICONS } from './reaction-icons';
import { t } from '../texts';

/** More than this at one picture is a crowd. */
const SHOWN_MAX = 3;

export interface TileReactionsProps {
  view: CallView;
  /** Undefined for oneself. */
  uid: string | undefined;
  raised: boolean;
  name: string;
}

export function TileReactions({ view, uid, raised, name }: TileReactionsProps) {
  const reactions = view.call.meeting.reactions.value.filter((shown) => shown.uid === uid).slice(-SHOWN_MAX);
  if (!raised && reactions.length === 0) return null;
  return (
    <div class="tile-signs">
      {raised && (
        <span class="tile-sign tile-hand" title={t('hand.of', { name })} data-testid="peer-hand">
          <Icon icon={Hand} />
          <span class="visually-hidden">{t('hand.of', { name })}</span>
        </span>
      )}
      {reactions.map(({ key, reaction }) => (
        <span key={key} class="tile-sign tile-reaction" data-testid="reaction" data-reaction={reaction}>
          <Icon icon={REACTION_ICONS[reaction]} />
          <span class="visually-hidden">{t(`reaction.${reaction}`)}</span>
        </span>
      ))}
    </div>
  );
}
