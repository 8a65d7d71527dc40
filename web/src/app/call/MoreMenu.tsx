/** What is needed now and then. Closes after a choice, on Escape and on a press elsewhere. */
import { useEffect, useRef } from 'preact/hooks';
import { ChartLine, Eye, EyeOff, GalleryThumbnails, Hand, Keyboard, LayoutGrid, Link, Maximize, PictureInPicture2, Settings, SwitchCamera, UsersRound, type IconNode } from 'lucide';
import { Icon } from '../components/Icon';
import type { CallView } from './call-view';
import { ReactionButtons } from './Reactions';
import { t } from '../texts';

interface Item {
  icon: IconNode;
  text: string;
  act: () => void;
  testid: string;
  shown?: boolean;
}

/** Phones and tablets have a camera on each side and, mostly, no keyboard. */
const hasTwoSides = matchMedia('(pointer: coarse)').matches;
/** Where the bar has no room for them. Also in call.css. */
const narrow = matchMedia('(max-width: 719px), (max-height: 480px) and (orientation: landscape)');
const hasKeyboard = matchMedia('(any-hover: hover)').matches;

export function MoreMenu({ view }: { view: CallView }) {
  const menu = useRef<HTMLUListElement>(null);
  const close = () => (view.moreOpen.value = false);
  useEffect(() => {
    menu.current?.querySelector('button')?.focus();
    const elsewhere = (event: Event) => {
      if (event.target instanceof Node && !menu.current?.parentElement?.contains(event.target)) close();
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      close();
      menu.current?.parentElement?.querySelector('button')?.focus();
    };
    addEventListener('pointerdown', elsewhere);
    addEventListener('keydown', escape);
    return () => {
      removeEventListener('pointerdown', elsewhere);
      removeEventListener('keydown', escape);
    };
  }, []);
  const hidden = view.selfHidden.value;
  const raised = view.call.meeting.hand.value;
  const grid = view.layout.value === 'grid';
  const items: Item[] = [
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
    <ul ref={menu} class="more-menu">
      {narrow.matches && (
        <li class="more-reactions">
          <ReactionButtons view={view} onDone={close} />
        </li>
      )}
      {items
        .filter(({ shown = true }) => shown)
        .map(({ icon, text, act, testid }) => (
          <li key={testid}>
            <button
              type="button"
              class="more-item"
              data-testid={testid}
              onClick={() => {
                close();
                act();
              }}
            >
              <Icon icon={icon} />
              {text}
            </button>
          </li>
        ))}
    </ul>
  );
}
