/** The own picture as one of the tiles: in a meeting one is one of many. */
import type { CallView } from './call-view';
import { OwnPicture } from './OwnPicture';
import { t } from '../texts';

export function SelfTile({ view }: { view: CallView }) {
  return (
    <article class="tile tile-self" data-testid="self-tile" aria-label={t('self.picture')}>
      <OwnPicture view={view} />
    </article>
  );
}
