/** The texts of this page. Waiting for them here keeps the other language from flashing up first. */
import { defineTexts } from '../../lib/i18n';
import english from '../../i18n/admin.en.json';

const texts = defineTexts(english, { 'zh-CN': () => import('../../i18n/admin.zh-CN.json') });

export const t = texts.t;
export type AdminTextKey = keyof typeof english & string;

/** A text whose key ends in a word of the API; the word itself where there is no text for it. */
export function word(group: 'band' | 'drop' | 'source' | 'state' | 'reason' | 'problem', name: string): string {
  const key = `${group}.${name}`;
  return key in english ? t(key as AdminTextKey) : name;
}

// English is built in: better that than no page.
await texts.ready().catch(() => undefined);
