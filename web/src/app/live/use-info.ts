/** What the server says of itself; asked once, and again with another token. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { LiveApi, LiveInfo } from '../../lib/live/api';

export function useInfo(api: LiveApi): LiveInfo | undefined {
  const info = useSignal<LiveInfo | undefined>(undefined);
  useEffect(() => {
    const asking = new AbortController();
    // Without it the page has no addresses to show, which the list says already.
    api.info(asking.signal).then((told) => (info.value = told), () => undefined);
    return () => asking.abort();
  }, [api]);
  return info.value;
}
