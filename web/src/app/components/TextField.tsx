/** A one-line text field with its label above it. */
import './field.css';
import { useId } from 'preact/hooks';

export interface TextFieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  maxLength: number;
  placeholder?: string;
  autocomplete?: string;
  invalid?: string;
  /** Not shown while it is typed, nor remembered. */
  isSecret?: boolean;
  testid?: string;
}

export function TextField({ label, value, onInput, maxLength, placeholder, autocomplete = 'off', invalid, isSecret = false, testid }: TextFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        class="input"
        {...(isSecret ? ({ type: 'password' } as const) : ({ type: 'text' } as const))}
        value={value}
        maxLength={maxLength}
        placeholder={placeholder}
        autocomplete={isSecret ? 'new-password' : autocomplete}
        spellcheck={false}
        aria-invalid={invalid ? true : undefined}
        aria-describedby={invalid ? `${id}-why` : undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
        data-testid={testid}
      />
      {invalid && (
        <p id={`${id}-why`} class="field-why" role="alert">
          {invalid}
        </p>
      )}
    </div>
  );
}
