/** The title of the page, while it is open. */
import { useEffect } from 'preact/hooks';

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Parlor`;
    return () => {
      document.title = 'Parlor';
    };
  }, [title]);
}
