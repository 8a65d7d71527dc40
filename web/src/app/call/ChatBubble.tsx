/** What was just written, while the chat is closed; a press opens it. Screen readers hear messages from the live region. */
import './chat.css';
import { useEffect } from 'preact/hooks';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { t } from '../texts';

export function ChatBubble({ view }: { view: CallView }) {
  const { preview } = view;
  const latest = view.call.chat.latest.value;
  const open = view.chatOpen.value;
  useEffect(() => {
    if (open) preview.clear();
    else if (latest && view.call.chat.unread.peek() > 0) preview.offer(latest);
  }, [latest, open]);
  useEffect(() => () => preview.clear(), [preview]);
  const message = preview.shown.value;
  if (!message?.from) return null;
  const name = displayName(message.from.name);
  return (
    <button type="button" class="chat-bubble" onClick={view.toggleChat} data-testid="chat-preview">
      <strong>
        {name}
        {message.private && <span class="quiet small"> {t('chat.preview.private')}</span>}
      </strong>
      <span>{message.text}</span>
      <span class="visually-hidden">{t('chat.open')}</span>
    </button>
  );
}
