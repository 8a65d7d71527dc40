/** Numbers as people read them. */
import { t } from './texts';

/** 950 bit/s, 12 kbit/s, 3.4 Mbit/s; a dash where nothing is known. */
export function bitrate(bps: number | undefined): string {
  if (bps === undefined) return '–';
  for (const [size, unit] of [[1e9, 'Gbit/s'], [1e6, 'Mbit/s'], [1e3, 'kbit/s']] as const) {
    if (bps >= size) return `${Number((bps / size).toPrecision(3))} ${unit}`;
  }
  return `${Math.round(bps)} bit/s`;
}

/** 950 B, 12 kB, 3.4 MB. */
export function amount(bytes: number): string {
  for (const [size, unit] of [[1e12, 'TB'], [1e9, 'GB'], [1e6, 'MB'], [1e3, 'kB']] as const) {
    if (bytes >= size) return `${Number((bytes / size).toPrecision(3))} ${unit}`;
  }
  return `${bytes} B`;
}

export function whole(value: number | undefined): string {
  return value === undefined ? '–' : String(Math.round(value));
}

export function percent(value: number | undefined): string {
  return value === undefined ? '–' : `${Number(value.toFixed(1))} %`;
}

/** 45 s, 12 min, 3 h 5 min, 2 d 4 h. */
export function span(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  if (minutes < 1) return t('span.seconds', { s: Math.max(0, Math.floor(ms / 1000)) });
  if (hours < 1) return t('span.minutes', { m: minutes });
  if (hours < 48) return t('span.hours', { h: hours, m: minutes % 60 });
  return t('span.days', { d: Math.floor(hours / 24), h: hours % 24 });
}
