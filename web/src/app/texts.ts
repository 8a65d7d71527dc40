/** The texts of the home, lobby and call pages; `/check` brings its own. */
import { defineTexts } from '../lib/i18n';
import english from '../i18n/en.json';

export const { t, ready } = defineTexts(english, { 'zh-CN': () => import('../i18n/zh-CN.json') });
export type TextKey = keyof typeof english;
