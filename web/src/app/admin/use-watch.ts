/** Watches while the page is seen: in a hidden tab nobody asks the server anything. */
import { useEffect } from 'preact/hooks';
import type { Watch } from '../../lib/admin/watch';

export function useWatch<T>(watch: Watch<T>): Watch<T> {
  useEffect(() => {
    const follow = () => (document.visibilityState === 'visible' ? watch.start() : watch.stop());
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      watch.stop();
    };
  }, [watch]);
  return watch;
}
