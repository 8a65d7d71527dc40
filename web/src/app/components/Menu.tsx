/** A list of choices under a button. Closes after a choice, on Escape and on a press elsewhere, and gives the focus back to its button. */
import './menu.css';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { IconNode } from 'lucide';
import { Icon } from './Icon';
import { nextPlace } from './menu-keys';

export interface MenuItem {
  icon: IconNode;
  text: string;
  act: () => void;
  testid: string;
  /** Left out when false. */
  shown?: boolean;
}

export interface MenuProps {
  items: readonly MenuItem[];
  onClose: () => void;
  /** `fixed`: beside its button wherever there is room, over a list that scrolls. Else the page's style places it. */
  placement?: 'fixed';
  class: string;
  /** What stands above the choices. `leave` closes the menu as a choice does. */
  head?: (leave: () => void) => ComponentChildren;
}

/** Stands beside its button, in the same element. */
export function Menu({ items, onClose, placement, class: name, head }: MenuProps) {
  const list = useRef<HTMLUListElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  // Before anybody can press the next key.
  useLayoutEffect(() => {
    if (placement === 'fixed') place(list.current);
    buttonsOf(list.current)[0]?.focus({ preventScroll: true });
    const elsewhere = (event: Event) => {
      if (event.target instanceof Node && !list.current?.parentElement?.contains(event.target)) close.current();
    };
    const moved = (event: Event) => {
      // The menu itself may scroll, where it is higher than the page.
      if (!(event.target instanceof Node && list.current?.contains(event.target))) close.current();
    };
    addEventListener('pointerdown', elsewhere);
    if (placement === 'fixed') {
      addEventListener('resize', moved);
      addEventListener('scroll', moved, { capture: true });
    }
    return () => {
      removeEventListener('pointerdown', elsewhere);
      removeEventListener('resize', moved);
      removeEventListener('scroll', moved, { capture: true });
    };
  }, [placement]);
  // Before the choice is made: a dialog that it opens gives the focus back to where it was.
  const leave = () => {
    list.current?.parentElement?.querySelector('button')?.focus({ preventScroll: true });
    onClose();
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      leave();
      return;
    }
    const buttons = buttonsOf(list.current);
    const place = nextPlace(event.key, buttons.indexOf(document.activeElement as HTMLElement), buttons.length);
    if (place === undefined) return;
    event.preventDefault();
    buttons[place]?.focus();
  };
  return (
    <ul ref={list} class={`menu ${name}`} onKeyDown={pressed}>
      {head?.(leave)}
      {items
        .filter(({ shown = true }) => shown)
        .map(({ icon, text, act, testid }) => (
          <li key={testid}>
            <button
              type="button"
              class="menu-item"
              data-testid={testid}
              onClick={() => {
                leave();
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

function buttonsOf(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>('button:not(:disabled)') ?? [])];
}

/** Below the button, or above it where there is no room. */
function place(menu: HTMLElement | null): void {
  const button = menu?.parentElement?.getBoundingClientRect();
  if (!menu || !button) return;
  const below = innerHeight - button.bottom > menu.offsetHeight;
  menu.style.top = `${below ? button.bottom : Math.max(0, button.top - menu.offsetHeight)}px`;
  menu.style.right = `${innerWidth - button.right}px`;
}
