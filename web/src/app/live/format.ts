/** Figures of streams as people read them. */

/** Tenths of a second up to ten, whole ones after that. Nothing is without any delay, so it begins with a tenth. */
export function inSeconds(ms: number): string {
  const seconds = Math.max(100, ms) / 1000;
  return seconds < 10 ? seconds.toFixed(1) : String(Math.round(seconds));
}

/** 850 kbit/s, 2.4 Mbit/s. */
export function inBits(kbps: number): string {
  return kbps < 1000 ? `${Math.round(kbps)} kbit/s` : `${(kbps / 1000).toFixed(1)} Mbit/s`;
}

/** 1280 × 720, 30/s. */
export function inPixels(width: number | undefined, height: number | undefined, fps: number | undefined): string | undefined {
  if (!width || !height) return undefined;
  return `${width} × ${height}${fps === undefined ? '' : `, ${Math.round(fps)}/s`}`;
}
