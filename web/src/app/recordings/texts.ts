/** The texts of the page of recordings. Waiting for them here keeps the other language from flashing up first. */
import { defineTexts } from '../../lib/i18n';
import english from '../../i18n/recordings.en.json';

const texts = defineTexts(english, { 'zh-CN': () => import('../../i18n/recordings.zh-CN.json') });

export const t = texts.t;

// English is built in: better that than no page.
await texts.ready().catch(() => undefined);
