/** The bar of the player: sound, delay, way, picture in picture, full screen. */
import { ChartNoAxesColumn, Maximize, Minimize, Pause, PictureInPicture2, Play, Volume1, Volume2, VolumeX } from 'lucide';
import { WAYS, type Way } from '../../lib/live/engine';
import { IconButton } from '../components/IconButton';
import { inSeconds } from './format';
import { t, word } from './texts';
import type { WatchSession } from './watch-session';

export interface PlayerBarProps {
  session: WatchSession;
  full: boolean;
  onFull: () => void;
  details: boolean;
  onDetails: () => void;
}

export function PlayerBar({ session, full, onFull, details, onDetails }: PlayerBarProps) {
  const { playback } = session;
  const isPlaying = playback.state.value === 'playing';
  const paused = session.paused.value;
  const delay = playback.history.value.at(-1)?.delayMs;
  return (
    <div class="player-bar" onClick={(event) => event.stopPropagation()}>
      <IconButton icon={paused ? Play : Pause} label={t(paused ? 'play' : 'pause')} onClick={() => session.togglePaused()} disabled={!isPlaying} testid="player-pause" />
      <Sound session={session} />
      {isPlaying && (
        <span class="player-live" data-testid="player-live">
          <span class="player-live-dot" aria-hidden="true" />
          {t('live')}
          {delay !== undefined && !paused && <span class="player-delay">{t('live.delay', { s: inSeconds(delay) })}</span>}
        </span>
      )}
      <span class="player-gap" />
      <WayChoice session={session} />
      <IconButton icon={ChartNoAxesColumn} label={t(details ? 'details.close' : 'details')} pressed={details} onClick={onDetails} testid="player-details" />
      {document.pictureInPictureEnabled && <IconButton icon={PictureInPicture2} label={t('pip')} onClick={() => session.togglePictureInPicture()} disabled={!isPlaying} testid="player-pip" />}
      {document.fullscreenEnabled && <IconButton icon={full ? Minimize : Maximize} label={t(full ? 'full.leave' : 'full')} onClick={onFull} testid="player-full" />}
    </div>
  );
}

function Sound({ session }: { session: WatchSession }) {
  const silent = session.muted.value || session.soundHeld.value;
  const volume = silent ? 0 : session.volume.value;
  const icon = volume === 0 ? VolumeX : volume < 0.5 ? Volume1 : Volume2;
  return (
    <span class="player-volume">
      <IconButton icon={icon} label={t(silent ? 'sound.unmute' : 'sound.mute')} onClick={() => session.toggleMuted()} testid="player-mute" />
      <input type="range" min="0" max="1" step="0.05" value={volume} aria-label={t('sound.volume')} onInput={(event) => session.setVolume(event.currentTarget.valueAsNumber)} data-testid="player-volume" />
    </span>
  );
}

/** By which way it plays; to be chosen, when the best one is not. */
function WayChoice({ session }: { session: WatchSession }) {
  const { playback } = session;
  const now = playback.way.value;
  const best = now && !playback.wanted.value ? t('way.best.now', { way: word('way', now) }) : t('way.best');
  const chosen = (value: string) => playback.choose(WAYS.find((way: Way) => way === value));
  return (
    <select class="player-way" value={playback.wanted.value ?? ''} aria-label={t('way')} title={t('way')} onChange={(event) => chosen(event.currentTarget.value)} data-testid="player-way">
      <option value="">{best}</option>
      {WAYS.map((way) => (
        <option key={way} value={way}>
          {word('way', way)}
        </option>
      ))}
    </select>
  );
}
