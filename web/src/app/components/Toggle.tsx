/** A round button that is on or off. Off is plain to see: struck icon on a light ground. */
import './toggle.css';
import type { IconNode } from 'lucide';
import { Icon } from './Icon';

export interface ToggleProps {
  /** What it does now, for the tooltip and for screen readers. Contains the caption: people who speak to their computer say what they see. */
  label: string;
  /** The word under the icon, on wide screens. */
  caption?: string;
  shortcut?: string;
  icon: IconNode;
  onClick: () => void;
  pressed?: boolean;
  expanded?: boolean;
  /** `off`: something that should be on is off. `leave`: the red one. */
  look?: 'plain' | 'off' | 'active' | 'leave';
  badge?: number;
  disabled?: boolean;
  testid?: string;
}

export function Toggle({ label, caption, shortcut, icon, onClick, pressed, expanded, look = 'plain', badge = 0, disabled, testid }: ToggleProps) {
  return (
    <button
      type="button"
      class={`toggle toggle-${look}`}
      aria-label={label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-keyshortcuts={shortcut}
      title={shortcut ? `${label} (${shortcut})` : label}
      onClick={onClick}
      disabled={disabled}
      data-testid={testid}
    >
      <span class="toggle-face">
        <Icon icon={icon} />
        {badge > 0 && <span class="toggle-badge" data-count={badge > 99 ? '99+' : badge} />}
      </span>
      {caption && (
        <span class="toggle-caption" aria-hidden="true">
          {caption}
        </span>
      )}
    </button>
  );
}
