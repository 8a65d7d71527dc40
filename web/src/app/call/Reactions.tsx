/** A row of reactions that opens above its button. Stays open: who claps once may clap again. */
import { useEffect, useRef } from 'preact/hooks';
import { Smile } from 'lucide';
import { IconButton } from '../components/IconButton';
import { Toggle } from '../components/Toggle';
import { REACTIONS } from '../../lib/meeting';
import type { CallView } from './call-view';
import { REACTION_ICONS } from './reaction-icons';
import { t } from '../texts';

export function Reactions({ view }: { view: CallView }) {
  const element = useRef<HTMLDivElement>(null);
  const open = view.reactionsOpen.value;
  useEffect(() => {
    if (!open) return;
    element.current?.querySelector<HTMLElement>('.reactions button')?.focus();
    const close = () => (view.reactionsOpen.value = false);
    const elsewhere = (event: Event) => {
      if (event.target instanceof Node && !element.current?.contains(event.target)) close();
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      close();
      element.current?.querySelector('button')?.focus();
    };
    addEventListener('pointerdown', elsewhere);
    addEventListener('keydown', escape);
    return () => {
      removeEventListener('pointerdown', elsewhere);
      removeEventListener('keydown', escape);
    };
  }, [open]);
  return (
    <div ref={element} class="more">
      <Toggle icon={Smile} look={open ? 'active' : 'plain'} expanded={open} label={t('react.open')} caption={t('react.short')} onClick={() => (view.reactionsOpen.value = !open)} testid="react" />
      {open && (
        <div class="reactions" role="group" aria-label={t('react.open')}>
          <ReactionButtons view={view} />
        </div>
      )}
    </div>
  );
}

export function ReactionButtons({ view, onDone }: { view: CallView; onDone?: () => void }) {
  return (
    <>
      {REACTIONS.map((reaction) => (
        <IconButton
          key={reaction}
          icon={REACTION_ICONS[reaction]}
          label={t(`reaction.${reaction}`)}
          onClick={() => {
            view.call.meeting.react(reaction);
            onDone?.();
          }}
          testid={`react-${reaction}`}
        />
      ))}
    </>
  );
}
