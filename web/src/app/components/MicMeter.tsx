/** How loud the microphone is. Twelve times a second, one style property: it costs next to nothing. */
import './mic-meter.css';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../texts';

const INTERVAL_MS = 80;
/** Quieter than this shows as nothing, this loud fills the bar; decibels below full scale. */
const FLOOR_DB = -60;
const CEILING_DB = -8;

export function MicMeter({ track }: { track: MediaStreamTrack | null }) {
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!track) return;
    const context = new AudioContext();
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const analyser = new AnalyserNode(context, { fftSize: 1024 });
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const resume = () => void context.resume();
    addEventListener('pointerdown', resume, { once: true });
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      bar.current?.style.setProperty('--level', loudness(samples).toFixed(3));
    }, INTERVAL_MS);
    return () => {
      clearInterval(timer);
      removeEventListener('pointerdown', resume);
      void context.close();
    };
  }, [track]);
  return (
    <div class="mic-meter" role="img" aria-label={t('lobby.meter')} data-testid="mic-meter">
      <div ref={bar} class="mic-meter-bar" />
    </div>
  );
}

/** Root mean square of the samples on a decibel scale, 0 to 1. */
function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const db = 10 * Math.log10(sum / samples.length + 1e-12);
  return Math.min(1, Math.max(0, (db - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
}
