/** What is needed now and then. */
import { ChartLine, Eye, EyeOff, GalleryThumbnails, Hand, Keyboard, LayoutGrid, Link, Maximize, PictureInPicture2, Settings, SwitchCamera, UsersRound } from 'lucide';
import { Menu, type MenuItem } from '../components/Menu';
import type { CallView } from './call-view';
import { ReactionButtons } from './Reactions';
import { t } from '../texts';

/** Phones and tablets have a camera on each side and, mostly, no keyboard. */
const hasTwoSides = matchMedia('(pointer: coarse)').matches;
/** Where the bar has no room for them. Also in call.css. */
const narrow = matchMedia('(max-width: 719px), (max-height: 480px) and (orientation: landscape)');
const hasKeyboard = matchMedia('(any-hover: hover)').matches;

export function MoreMenu({ view }: { view: CallView }) {
  const close = () => (view.moreOpen.value = false);
  const hidden = view.selfHidden.value;
  const raised = view.call.meeting.hand.value;
  const grid = view.layout.value === 'grid';
  const items: MenuItem[] = [
    { icon: Hand, text: t(raised ? 'hand.lower' : 'hand.raise'), act: view.toggleHand, testid: 'more-hand', shown: narrow.matches },
    { icon: UsersRound, text: t('people.title'), act: view.togglePeople, testid: 'more-people', shown: narrow.matches },
    { icon: Link, text: t('link.open'), act: () => view.openDialog('link'), testid: 'more-link' },
    { icon: Settings, text: t('settings.open'), act: () => view.openDialog('settings'), testid: 'settings-open' },
    { icon: SwitchCamera, text: t('camera.flip'), act: () => void view.call.media.flipCamera(), testid: 'flip-camera', shown: hasTwoSides },
    { icon: hidden ? Eye : EyeOff, text: t(hidden ? 'self.show' : 'self.hide'), act: view.toggleSelf, testid: 'toggle-self' },
    { icon: grid ? GalleryThumbnails : LayoutGrid, text: t(grid ? 'layout.speaker' : 'layout.grid'), act: view.toggleLayout, testid: 'layout', shown: view.call.participants.value.length > 1 },
    { icon: Maximize, text: t('full.toggle'), act: view.toggleFullScreen, testid: 'full-screen', shown: view.canFullScreen },
    { icon: PictureInPicture2, text: t('pip.toggle'), act: view.togglePictureInPicture, testid: 'pip', shown: view.canPictureInPicture },
    { icon: ChartLine, text: t('stats.open'), act: view.toggleStats, testid: 'stats-open' },
    { icon: Keyboard, text: t('keys.open'), act: () => view.openDialog('shortcuts'), testid: 'shortcuts-open', shown: hasKeyboard },
  ];
  return (
    <Menu
      class="more-menu"
      items={items}
      onClose={close}
      head={(leave) =>
        narrow.matches && (
          <li class="more-reactions">
            <ReactionButtons view={view} onDone={leave} />
          </li>
        )
      }
    />
  );
}
