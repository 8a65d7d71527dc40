/** The frame of every page outside a call: brand, preferences, content. */
import './page-shell.css';
import type { ComponentChildren } from 'preact';
import { Brand } from './Brand';
import { PreferencesButton } from './PreferencesButton';

export function PageShell({ children }: { children: ComponentChildren }) {
  return (
    <div class="page">
      <header class="page-head">
        <Brand />
        <PreferencesButton />
      </header>
      <main class="page-main">{children}</main>
    </div>
  );
}
