/** Copies a text and says that it did, on the button itself. */
import { useEffect, useState } from 'preact/hooks';
import { Check, type IconNode } from 'lucide';
import { Button } from './Button';

const DONE_MS = 2000;

export interface CopyButtonProps {
  text: string;
  label: string;
  done: string;
  icon: IconNode;
  kind?: 'primary' | 'secondary';
  testid?: string;
}

export function CopyButton({ text, label, done, icon, kind = 'secondary', testid }: CopyButtonProps) {
  const [copied, setCopied] = useState(0);
  useEffect(() => {
    if (copied === 0) return;
    const timer = setTimeout(() => setCopied(0), DONE_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    void copyText(text).then((ok) => ok && setCopied(copied + 1));
  };
  return (
    <span aria-live="polite">
      <Button kind={kind} icon={copied ? Check : icon} onClick={copy} {...(testid && { testid })}>
        {copied ? done : label}
      </Button>
    </span>
  );
}

/** The clipboard needs a secure page; the old way works in the others. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'visually-hidden';
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}
