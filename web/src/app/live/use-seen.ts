/** Runs something while the page is seen: in a hidden tab nobody asks the server anything. */
import { useEffect } from 'preact/hooks';

export function useSeen(it: { start(): void; stop(): void }): void {
  useEffect(() => {
    const follow = () => (document.visibilityState === 'visible' ? it.start() : it.stop());
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      it.stop();
    };
  }, [it]);
}
