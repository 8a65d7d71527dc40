/** The player: the picture, what stands in its way, and the bar below it. */
import './player.css';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { VolumeX } from 'lucide';
import { shownName, type StreamName } from '../../lib/live/stream-name';
import { useIdle } from '../call/use-idle';
import { Icon } from '../components/Icon';
import { recall } from '../preferences';
import { PlayerBar } from './PlayerBar';
import { PlayerNotice } from './PlayerNotice';
import { playerKeyOf, type Place, type PlayerKey } from './player-keys';
import { t } from './texts';
import type { WatchSession } from './watch-session';

export interface PlayerProps {
  session: WatchSession;
  name: StreamName;
  details: boolean;
  onDetails: () => void;
}

export function Player({ session, name, details, onDetails }: PlayerProps) {
  const [frame, place] = [useRef<HTMLElement>(null), useRef<HTMLDivElement>(null)];
  const full = useSignal(false);
  const idle = useIdle();
  const { state, report } = session.playback;
  const isPlaying = state.value === 'playing';
  const label = t('watch.picture', { name: shownName(name) });
  useLayoutEffect(() => {
    session.video.setAttribute('aria-label', label);
    place.current?.append(session.video);
  }, [session, label]);
  const toggleFull = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void frame.current?.requestFullscreen?.().catch(() => undefined);
  };
  useEffect(() => {
    const follow = () => (full.value = document.fullscreenElement === frame.current);
    document.addEventListener('fullscreenchange', follow);
    return () => document.removeEventListener('fullscreenchange', follow);
  }, []);
  usePlayerKeys(session, { 'full-screen': toggleFull, details: onDetails });
  const soundOnly = isPlaying && report.value?.video === null && report.value.audio !== null;
  return (
    <section ref={frame} class="player" aria-label={t('watch.region')} data-testid="player" data-state={state.value} data-way={session.playback.way.value} data-idle={idle && isPlaying && !session.paused.value}>
      <div ref={place} class="player-picture" onClick={() => session.togglePaused()} onDblClick={toggleFull} />
      {soundOnly && <p class="player-sound-only">{t('watch.sound-only')}</p>}
      <PlayerNotice session={session} name={name} />
      {isPlaying && session.soundHeld.value && (
        <button type="button" class="player-sound" onClick={() => session.toggleMuted()} data-testid="sound-tap">
          <Icon icon={VolumeX} />
          {t('sound.tap')}
        </button>
      )}
      <PlayerBar session={session} full={full.value} onFull={toggleFull} details={details} onDetails={onDetails} />
    </section>
  );
}

function usePlayerKeys(session: WatchSession, page: { 'full-screen': () => void; details: () => void }): void {
  const actions: Readonly<Record<PlayerKey, () => void>> = {
    pause: () => session.togglePaused(),
    mute: () => session.toggleMuted(),
    louder: () => session.changeVolume(1),
    quieter: () => session.changeVolume(-1),
    'picture-in-picture': () => session.togglePictureInPicture(),
    ...page,
  };
  const current = useRef(actions);
  current.current = actions;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return;
      const { key, ctrlKey: ctrl, metaKey: meta, altKey: alt } = event;
      const meaning = playerKeyOf({ key, ctrl, meta, alt }, placeOf(event.target), recall('letter-keys') !== 'off');
      if (!meaning || (event.repeat && meaning !== 'louder' && meaning !== 'quieter')) return;
      event.preventDefault();
      current.current[meaning]();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

function placeOf(target: EventTarget | null): Place {
  if (!(target instanceof HTMLElement)) return 'elsewhere';
  if (target.isContentEditable || target.matches('input, textarea, select')) return 'field';
  return target.matches('button:focus-visible, a:focus-visible, summary:focus-visible') ? 'button' : 'elsewhere';
}
