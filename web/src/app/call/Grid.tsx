/** Everybody at the same size, as large as the area allows; those who do not fit are on further pages. One other has it all. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ChevronLeft, ChevronRight } from 'lucide';
import { IconButton } from '../components/IconButton';
import type { Participant } from '../../lib/participant';
import { arrange, order, type Area } from './arrange';
import type { CallView } from './call-view';
import { RemoteTile } from './RemoteTile';
import { SelfTile } from './SelfTile';
import { t } from '../texts';

const GAP = 8;

export function Grid({ view, others }: { view: CallView; others: readonly Participant[] }) {
  const element = useRef<HTMLDivElement>(null);
  const [area, measure] = useState<Area>({ width: 0, height: 0 });
  const [page, turn] = useState(0);
  const places = useRef<readonly string[]>([]);
  useLayoutEffect(() => {
    const grid = element.current;
    if (!grid) return;
    const observer = new ResizeObserver(() => measure({ width: grid.clientWidth, height: grid.clientHeight }));
    observer.observe(grid);
    measure({ width: grid.clientWidth, height: grid.clientHeight });
    return () => observer.disconnect();
  }, []);

  const alone = others.length === 1;
  const withSelf = !alone && !view.selfHidden.value;
  const count = others.length + (withSelf ? 1 : 0);
  const { tileWidth, tileHeight, perPage } = arrange(area, count, GAP);
  // The own picture is the last of the first page.
  const firstPage = Math.max(1, perPage - (withSelf ? 1 : 0));
  places.current = order(places.current, others.map(({ uid }) => uid), view.call.speech.active.value, firstPage);
  const pages = 1 + Math.ceil(Math.max(0, others.length - firstPage) / perPage);
  const at = Math.min(page, pages - 1);
  const from = at === 0 ? 0 : firstPage + (at - 1) * perPage;
  const shown = places.current.slice(from, at === 0 ? firstPage : from + perPage).flatMap((uid) => others.find((participant) => participant.uid === uid) ?? []);
  useTileSize(element, alone ? area.width : tileWidth, alone ? area.height : tileHeight);
  return (
    <>
      <div ref={element} class="grid" data-count={count} data-testid="grid" data-stage-picture>
        {area.width > 0 && (
          <>
            {shown.map((participant) => (
              <RemoteTile key={participant.uid} view={view} participant={participant} pinnable={!alone} />
            ))}
            {withSelf && at === 0 && <SelfTile view={view} />}
          </>
        )}
      </div>
      {pages > 1 && (
        <nav class="pages" aria-label={t('pages')} data-testid="pages">
          <IconButton icon={ChevronLeft} label={t('pages.back')} onClick={() => turn(Math.max(0, at - 1))} testid="page-back" />
          <span aria-live="polite">{t('pages.at', { n: at + 1, of: pages })}</span>
          <IconButton icon={ChevronRight} label={t('pages.on')} onClick={() => turn(Math.min(pages - 1, at + 1))} testid="page-on" />
        </nav>
      )}
    </>
  );
}

function useTileSize(element: { current: HTMLDivElement | null }, width: number, height: number): void {
  useEffect(() => {
    element.current?.style.setProperty('--tile-width', `${width}px`);
    element.current?.style.setProperty('--tile-height', `${height}px`);
  }, [width, height]);
}
