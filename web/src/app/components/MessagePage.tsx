/** A page that says one thing and offers what to do: what happened, why, what to do. */
import './message-page.css';
import type { ComponentChildren } from 'preact';
import type { IconNode } from 'lucide';
import { Icon } from './Icon';
import { PageShell } from './PageShell';

export interface MessagePageProps {
  title: string;
  text?: string;
  icon?: IconNode;
  children: ComponentChildren;
  testid?: string;
}

export function MessagePage({ title, text, icon, children, testid }: MessagePageProps) {
  return (
    <PageShell>
      <section class="message-page" data-testid={testid}>
        {icon && <Icon icon={icon} size={36} />}
        <h1>{title}</h1>
        {text && <p class="quiet">{text}</p>}
        <div class="message-page-actions">{children}</div>
      </section>
    </PageShell>
  );
}
