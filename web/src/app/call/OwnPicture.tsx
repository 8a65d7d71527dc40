/** What shows oneself, in whatever frame: the camera or the initials, reactions, what is off, and the way to hide it. */
import { EyeOff, MicOff, VideoOff } from 'lucide';
import { Avatar } from '../components/Avatar';
import { Icon } from '../components/Icon';
import { IconButton } from '../components/IconButton';
import { Video } from '../components/Video';
import { recall } from '../preferences';
import type { CallView } from './call-view';
import { TileReactions } from './TileReactions';
import { t } from '../texts';

export function OwnPicture({ view }: { view: CallView }) {
  const { media, meeting } = view.call;
  const camera = media.camera.value;
  const { audio } = media.state.value;
  return (
    <>
      {camera ? (
        <Video tracks={[camera]} label={t('self.picture')} class={media.facing.value === 'user' ? 'mirrored' : ''} testid="local-video" />
      ) : (
        <div class="tile-empty">
          <Avatar name={recall('name') ?? ''} />
        </div>
      )}
      <TileReactions view={view} uid={undefined} raised={meeting.hand.value} name={t('you')} />
      <div class="tile-name">
        <span>{t('you')}</span>
        {!audio && <Icon icon={MicOff} size={16} />}
        {!camera && <Icon icon={VideoOff} size={16} />}
      </div>
      <IconButton icon={EyeOff} label={t('self.hide')} onClick={view.toggleSelf} testid="self-hide" />
    </>
  );
}
