/** The texts of this page. Waiting for them here keeps the other language from flashing up first. */
import { defineTexts } from '../../lib/i18n';
import type { CheckText, CheckTextKey } from '../../lib/check/types';
import english from '../../i18n/check.en.json';

const texts = defineTexts(english, { 'zh-CN': () => import('../../i18n/check.zh-CN.json') });

export const t: (key: CheckTextKey, values?: Readonly<Record<string, string | number>>) => string = texts.t;

/** A verdict or a piece of advice in the user's language. */
export function say({ key, values }: CheckText): string {
  return t(key, values);
}

// English is built in: better that than no page.
await texts.ready().catch(() => undefined);
