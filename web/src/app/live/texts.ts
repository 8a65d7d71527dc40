/** The texts of the pages about live streams. Waiting for them here keeps the other language from flashing up first. */
import { defineTexts } from '../../lib/i18n';
import english from '../../i18n/live.en.json';

const texts = defineTexts(english, { 'zh-CN': () => import('../../i18n/live.zh-CN.json') });

export const t = texts.t;
export type LiveTextKey = keyof typeof english & string;

/** A text whose key ends in a word of the API; the word itself where there is no text for it. */
export function word(group: 'protocol' | 'transport' | 'way', name: string): string {
  const key = `${group}.${name}`;
  return key in english ? t(key as LiveTextKey) : name;
}

/** How long something has lasted. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return t('span.s', { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('span.min', { n: minutes });
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? t('span.h', { h: hours, m: minutes % 60 }) : t('span.d', { d: Math.floor(hours / 24), h: hours % 24 });
}

// English is built in: better that than no page.
await texts.ready().catch(() => undefined);
