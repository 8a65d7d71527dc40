/** What is needed now and then. Closes after a choice, on Escape and on a press elsewhere. */
import { useEffect, useRef } from 'preact/hooks';
import { ChartLine, Eye, EyeOff, Keyboard, Link, Maximize, PictureInPicture2, Settings, SwitchCamera, type IconNode } from 'lucide';
import { Icon } from '../components/Icon';
import type { CallView } from './call-view';
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
  const items: Item[] = [
    { icon: Link, text: t('link.open'), act: () => view.openDialog('link'), testid: 'more-link' },
    { icon: Settings, text: t('settings.open'), act: () => view.openDialog('settings'), testid: 'settings-open' },
    { icon: SwitchCamera, text: t('camera.flip'), act: () => void view.call.media.flipCamera(), testid: 'flip-camera', shown: hasTwoSides },
    { icon: hidden ? Eye : EyeOff, text: t(hidden ? 'self.show' : 'self.hide'), act: view.toggleSelf, testid: 'toggle-self' },
    { icon: Maximize, text: t('full.toggle'), act: view.toggleFullScreen, testid: 'full-screen', shown: view.canFullScreen },
    { icon: PictureInPicture2, text: t('pip.toggle'), act: view.togglePictureInPicture, testid: 'pip', shown: view.canPictureInPicture },
    { icon: ChartLine, text: t('stats.open'), act: view.toggleStats, testid: 'stats-open' },
    { icon: Keyboard, text: t('keys.open'), act: () => view.openDialog('shortcuts'), testid: 'shortcuts-open', shown: hasKeyboard },
  ];
  return (
    <ul ref={menu} class="more-menu">
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
