/** A text to be copied, with its label above it. */
import { useId } from 'preact/hooks';
import { Copy } from 'lucide';
import { CopyButton } from '../components/CopyButton';
import { t } from './texts';

export interface CopyFieldProps {
  label: string;
  text: string;
  testid: string;
}

export function CopyField({ label, text, testid }: CopyFieldProps) {
  const id = useId();
  return (
    <div class="copy-field">
      <span id={id} class="small quiet">
        {label}
      </span>
      <div class="copy-field-row">
        <code aria-labelledby={id} data-testid={testid}>
          {text}
        </code>
        <CopyButton text={text} label={t('copy')} done={t('copied')} icon={Copy} testid={`${testid}-copy`} />
      </div>
    </div>
  );
}
