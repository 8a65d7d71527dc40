/** A button that shows only an icon. `label` is its name for everybody who does not see it, and its tooltip. */
import './button.css';
import type { IconNode } from 'lucide';
import { Icon } from './Icon';

export interface IconButtonProps {
  icon: IconNode;
  label: string;
  onClick: () => void;
  pressed?: boolean;
  expanded?: boolean;
  disabled?: boolean;
  testid?: string;
}

export function IconButton({ icon, label, onClick, pressed, expanded, disabled, testid }: IconButtonProps) {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} aria-pressed={pressed} aria-expanded={expanded} disabled={disabled} onClick={onClick} data-testid={testid}>
      <Icon icon={icon} />
    </button>
  );
}
