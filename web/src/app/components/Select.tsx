/** A native select with its label above it. */
import './field.css';
import { useId } from 'preact/hooks';
import { ChevronDown } from 'lucide';
import { Icon } from './Icon';

export interface SelectOption {
  value: string;
  label: string;
}

export interface SelectProps {
  label: string;
  value: string;
  options: readonly SelectOption[];
  onSelect: (value: string) => void;
  disabled?: boolean;
  testid?: string;
}

export function Select({ label, value, options, onSelect, disabled, testid }: SelectProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="select">
        <select id={id} class="input" value={value} disabled={disabled} onChange={(event) => onSelect(event.currentTarget.value)} data-testid={testid}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
        <Icon icon={ChevronDown} />
      </div>
    </div>
  );
}
