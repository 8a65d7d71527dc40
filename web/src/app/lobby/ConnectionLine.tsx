/** What the short check found: one line, as soon as it is known. Nobody waits for it. */
import { useEffect, useState } from 'preact/hooks';
import { CircleCheck, TriangleAlert } from 'lucide';
import { Icon } from '../components/Icon';
import type { Preflight } from '../../lib/check/preflight';
import { t } from '../texts';

/** What is not known by then is not said. */
const LIMIT_MS = 5_000;

export function ConnectionLine({ token }: { token: string | null }) {
  const [found, show] = useState<Preflight>();
  useEffect(() => {
    const controller = new AbortController();
    const run = async () => {
      const { preflight } = await import('../../lib/check/preflight');
      show(await preflight(token, controller.signal));
    };
    let left = false;
    const limit = setTimeout(() => controller.abort(new DOMException('The short check takes too long.', 'TimeoutError')), LIMIT_MS);
    // Called off because somebody joins, or not to be had: the line stays empty.
    run().catch(() => left || show({ kind: 'unknown' }));
    return () => {
      left = true;
      clearTimeout(limit);
      controller.abort(new DOMException('The lobby is left.', 'AbortError'));
    };
  }, [token]);
  const known = found !== undefined && found.kind !== 'unknown';
  return (
    <p class="lobby-connection small" role="status" data-testid="preflight" data-kind={found?.kind ?? 'running'}>
      {known && (
        <>
          <span class={found.kind === 'good' ? 'lobby-good' : 'lobby-warn'}>
            <Icon icon={found.kind === 'good' ? CircleCheck : TriangleAlert} size={16} />
          </span>
          <span>{inWords(found)}</span>
        </>
      )}
    </p>
  );
}

function inWords(found: Exclude<Preflight, { kind: 'unknown' }>): string {
  if (found.kind === 'blocked') return t('preflight.blocked');
  return t(`preflight.${found.kind}`, { ms: Math.round(found.roundTripMs), loss: Math.round(found.loss * 100) });
}
