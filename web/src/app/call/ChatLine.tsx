/** One message. Consecutive ones of the same person stand under one name. */
import { Button } from '../components/Button';
import { linkParts, type ChatMessage } from '../../lib/chat';
import { dateLocale } from '../preferences';
import { displayName } from './display-name';
import { t } from '../texts';

/** Messages this close belong together. */
const TOGETHER_MS = 120_000;

export interface ChatLineProps {
  message: ChatMessage;
  follows: ChatMessage | undefined;
  onRetry: () => void;
}

export function ChatLine({ message, follows, onRetry }: ChatLineProps) {
  const together = follows !== undefined && follows.from?.uid === message.from?.uid && follows.private === message.private && follows.to?.uid === message.to?.uid && message.at - follows.at < TOGETHER_MS;
  const time = new Intl.DateTimeFormat(dateLocale(), { hour: '2-digit', minute: '2-digit' }).format(message.at);
  return (
    <li class={`chat-line ${message.from ? '' : 'chat-own'}`} data-testid="chat-message" data-delivery={message.delivery} data-private={message.private || undefined}>
      {!together && (
        <p class="chat-who small">
          <strong>{message.from ? displayName(message.from.name) : t('you')}</strong> <time>{time}</time>
          {message.private && <span class="chat-private">{message.to ? t('chat.private.to', { name: displayName(message.to.name) }) : t('chat.private')}</span>}
        </p>
      )}
      <p class="chat-text">
        {linkParts(message.text).map((part) =>
          part.href ? (
            <a href={part.href} target="_blank" rel="noopener noreferrer nofollow">
              {part.text}
            </a>
          ) : (
            part.text
          ),
        )}
      </p>
      {message.delivery === 'failed' && (
        <p class="chat-failed small">
          {t('chat.failed')}
          <Button kind="quiet" onClick={onRetry} testid="chat-retry">
            {t('chat.again')}
          </Button>
        </p>
      )}
    </li>
  );
}
