/** A modal dialog on the native element: focus is kept inside, Escape and a press on the ground close it. */
import './dialog.css';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { X } from 'lucide';
import { IconButton } from './IconButton';
import { t } from '../texts';

export interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  testid?: string;
}

export function Dialog({ title, onClose, children, testid }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Before anybody can press the next key, which would be meant for it.
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      // The browser gives the focus back only while the dialog is in the page.
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const pressed = (event: MouseEvent) => {
    if (event.target === element.current) onClose();
  };
  return (
    <dialog ref={element} class="dialog" aria-labelledby={heading} onCancel={(event) => { event.preventDefault(); onClose(); }} onClick={pressed} data-testid={testid}>
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={heading}>{title}</h2>
          <IconButton icon={X} label={t('close')} onClick={onClose} testid="dialog-close" />
        </header>
        {children}
      </div>
    </dialog>
  );
}
