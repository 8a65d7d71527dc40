/** One line in a tile: why there is no picture, or why it will not last. */
import { CirclePause, FileQuestionMark, RefreshCw, Unplug, type IconNode } from 'lucide';
import { Icon } from '../components/Icon';
import type { Participant } from '../../lib/participant';
import { displayName } from './display-name';
import { t } from '../texts';

type Trouble = 'connecting' | 'reconnecting' | 'failed' | 'foreign' | 'starved';

const ICONS: Readonly<Record<Trouble, IconNode>> = { connecting: RefreshCw, reconnecting: RefreshCw, failed: Unplug, foreign: FileQuestionMark, starved: CirclePause };

export function TileTrouble({ participant }: { participant: Participant }) {
  const trouble = troubleOf(participant);
  if (!trouble) return null;
  return (
    <div class="tile-trouble" role="status" data-testid={`tile-${trouble}`}>
      <Icon icon={ICONS[trouble]} />
      <span>{t(`tile.${trouble}`, { name: displayName(participant.name.value) })}</span>
    </div>
  );
}

/** Their trouble, or that of the path between the two of us. The way to the servers is shared by all: the page says that once. */
function troubleOf(participant: Participant): Trouble | undefined {
  if (participant.connection.value === 'reconnecting' || participant.missing.value) return 'reconnecting';
  if (participant.foreign.value) return 'foreign';
  if (participant.path.value === 'server') return participant.starved.value ? 'starved' : undefined;
  const state = participant.linkState.value;
  return state === 'connected' || state === 'closed' ? undefined : state;
}
