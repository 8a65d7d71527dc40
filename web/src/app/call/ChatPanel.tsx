/** The conversation in writing, at the side; over the stage on small screens. */
import './chat.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { SendHorizontal, X } from 'lucide';
import { IconButton } from '../components/IconButton';
import { clipToBytes } from '../../lib/chat';
import type { Participant } from '../../lib/participant';
import { readerOf } from './chat-reader';
import { ChatLine } from './ChatLine';
import type { CallView } from './call-view';
import { displayName } from './display-name';
import { t } from '../texts';

export function ChatPanel({ view }: { view: CallView }) {
  const { call } = view;
  const messages = call.chat.messages.value;
  const list = useRef<HTMLOListElement>(null);
  const input = useRef<HTMLTextAreaElement>(null);
  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    call.chat.read();
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [messages]);
  const close = view.closePanel;
  const others = call.participants.value.filter((participant) => participant.dialect.value > 1 && !participant.encoder.value);
  const { to, gone } = readerOf(view.chatTo.value, others);
  const deaf = call.participants.value.length > 0 && others.length === 0;
  const silence = !call.mayChat.value ? 'chat.forbidden' : deaf ? 'chat.deaf' : undefined;
  return (
    <aside
      class="panel"
      aria-label={t('chat.short')}
      data-testid="chat-panel"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <header class="panel-head">
        <h2>{t('chat.short')}</h2>
        <IconButton icon={X} label={t('chat.close')} onClick={close} testid="chat-close" />
      </header>
      <ol ref={list} class="chat-list" tabIndex={0} aria-label={t('chat.list')}>
        {messages.length === 0 && <li class="chat-empty quiet">{t('chat.empty')}</li>}
        {messages.map((message, index) => (
          <ChatLine key={message.key} message={message} follows={messages[index - 1]} onRetry={() => void call.sayAgain(message.key)} />
        ))}
      </ol>
      {silence ? (
        <p class="chat-deaf quiet small">{t(silence)}</p>
      ) : (
        <>
          {gone && (
            <p class="chat-deaf quiet small" role="status" data-testid="chat-gone">
              {t('chat.gone')}
            </p>
          )}
          {(others.length > 1 || gone) && <Addressee view={view} others={others} to={to} gone={gone} />}
          <Composer input={input} bytesMax={call.chatBytesMax.value} hint={t(to ? 'chat.hint.private' : 'chat.hint')} held={gone} onSend={(text) => void call.say(text, to)} />
        </>
      )}
    </aside>
  );
}

/** Who will read it. A private message is marked before it is written, not only afterwards. */
function Addressee({ view, others, to, gone }: { view: CallView; others: readonly Participant[]; to: Participant | undefined; gone: boolean }) {
  return (
    <label class={`chat-to small ${to ? 'chat-to-one' : ''}`}>
      {t('chat.to')}
      <select
        class="chat-to-select"
        value={view.chatTo.value ?? ''}
        onChange={(event) => {
          view.chatTo.value = event.currentTarget.value || undefined;
        }}
        data-testid="chat-to"
      >
        {gone && (
          <option value={view.chatTo.value} disabled>
            {t('chat.to.gone')}
          </option>
        )}
        <option value="">{t('chat.to.all')}</option>
        {others.map((participant) => (
          <option key={participant.uid} value={participant.uid}>
            {displayName(participant.name.value)}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ComposerProps {
  hint: string;
  input: { current: HTMLTextAreaElement | null };
  bytesMax: number;
  /** Nothing is sent at the moment; what is written stays. */
  held: boolean;
  onSend: (text: string) => void;
}

function Composer({ input, bytesMax, hint, held, onSend }: ComposerProps) {
  const [text, setText] = useState('');
  const send = () => {
    const clean = text.trim();
    if (clean === '' || held) return;
    onSend(clean);
    setText('');
  };
  return (
    <form
      class="chat-compose"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={input}
        class="input chat-input"
        rows={2}
        value={text}
        placeholder={hint}
        aria-label={hint}
        onInput={(event) => setText(clipToBytes(event.currentTarget.value, bytesMax))}
        onKeyDown={(event) => {
          // The Enter that ends a Chinese input method's choice is not the one that sends.
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
        data-testid="chat-input"
      />
      <IconButton icon={SendHorizontal} label={t('chat.send')} disabled={held} onClick={send} testid="chat-send" />
    </form>
  );
}
