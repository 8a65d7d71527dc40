/** How tiles fill an area, and who is on which page. Pure geometry: sizes in CSS pixels. */

/** Tiles have the shape of most cameras. */
const ASPECT = 16 / 9;
/** In an area that stands upright they may be as high as wide: initials and names use the room that pictures leave. */
const ASPECT_UPRIGHT_MIN = 1;
/** What room around a picture is worth beside the picture itself. */
const MARGIN_WORTH = 0.25;
/** No picture is of use below this width. */
const TILE_WIDTH_MIN = 136;
/** More faces at once are not told apart; also the number of slots there are. */
const TILES_MAX = 49;

export interface Grid {
  columns: number;
  tileWidth: number;
  tileHeight: number;
  /** How many tiles a page shows. */
  perPage: number;
}

export interface Area {
  width: number;
  height: number;
}

/**
 * The grid whose pictures are largest. What does not fit at a useful size goes to further pages; an area that was not measured yet sends
 * nobody there, or they would change places.
 */
export function arrange(area: Area, count: number, gap: number): Grid {
  let shown = Math.min(Math.max(count, 1), TILES_MAX);
  if (area.width === 0 || area.height === 0) return { columns: 1, tileWidth: 0, tileHeight: 0, perPage: shown };
  let grid = largest(area, shown, gap);
  while (grid.tileWidth < TILE_WIDTH_MIN && shown > 1) grid = largest(area, --shown, gap);
  return grid;
}

function largest(area: Area, count: number, gap: number): Grid {
  let best: Grid = { columns: 1, tileWidth: 0, tileHeight: 0, perPage: count };
  let worth = 0;
  const narrowest = area.height > area.width ? ASPECT_UPRIGHT_MIN : ASPECT;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const widest = (area.width - gap * (columns - 1)) / columns;
    const highest = (area.height - gap * (rows - 1)) / rows;
    const tileWidth = Math.floor(Math.max(0, Math.min(widest, highest * ASPECT)));
    const tileHeight = Math.floor(Math.max(0, Math.min(highest, tileWidth / narrowest)));
    const picture = (tileWidth * tileWidth) / ASPECT;
    const here = picture + MARGIN_WORTH * (tileWidth * tileHeight - picture);
    if (here <= worth) continue;
    worth = here;
    best = { columns, tileWidth, tileHeight, perPage: count };
  }
  return best;
}

/**
 * Who stands where. Everybody keeps their place, newcomers come last; who speaks on a later page changes places with the
 * last one on the first page, so that one looks at whom one hears.
 */
export function order(before: readonly string[], present: readonly string[], active: string | undefined, firstPage: number): string[] {
  const kept = before.filter((uid) => present.includes(uid));
  const next = [...kept, ...present.filter((uid) => !before.includes(uid))];
  const at = active === undefined ? -1 : next.indexOf(active);
  const last = firstPage - 1;
  const gone = next[last];
  if (active === undefined || gone === undefined || at <= last || last < 0) return next;
  next[last] = active;
  next[at] = gone;
  return next;
}
