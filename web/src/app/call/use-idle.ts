/** True when nobody has moved for a while, so that bars may fade. */
import { useEffect, useState } from 'preact/hooks';

const IDLE_MS = 4000;

export function useIdle(): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const awake = () => {
      setIdle(false);
      clearTimeout(timer);
      timer = setTimeout(() => setIdle(true), IDLE_MS);
    };
    awake();
    const events = ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const;
    for (const event of events) addEventListener(event, awake, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const event of events) removeEventListener(event, awake);
    };
  }, []);
  return idle;
}
