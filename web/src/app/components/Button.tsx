/** A button with a text. `kind` says how loud it is: one `primary` per page, `danger` only for leaving and deleting. */
import './button.css';
import type { ComponentChildren } from 'preact';
import type { IconNode } from 'lucide';
import { Icon } from './Icon';

export interface ButtonProps {
  children: ComponentChildren;
  onClick?: () => void;
  kind?: 'primary' | 'secondary' | 'quiet' | 'danger';
  size?: 'medium' | 'large';
  icon?: IconNode;
  type?: 'button' | 'submit';
  disabled?: boolean;
  pressed?: boolean;
  title?: string;
  autofocus?: boolean;
  testid?: string;
}

export function Button({ children, onClick, kind = 'secondary', size = 'medium', icon, type = 'button', disabled, pressed, title, autofocus, testid }: ButtonProps) {
  return (
    <button
      type={type}
      class={`button button-${kind} button-${size}`}
      onClick={onClick}
      disabled={disabled}
      aria-pressed={pressed}
      title={title}
      autofocus={autofocus}
      data-testid={testid}
    >
      {icon && <Icon icon={icon} />}
      <span>{children}</span>
    </button>
  );
}
