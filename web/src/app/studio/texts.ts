/** The texts of the studio. Waiting for them here keeps the other language from flashing up first. */
import { defineTexts } from '../../lib/i18n';
import english from '../../i18n/studio.en.json';

const texts = defineTexts(english, { 'zh-CN': () => import('../../i18n/studio.zh-CN.json') });

export const t = texts.t;

/** Why the server does not take a stream. */
export function refusal(code: string): string {
  const key = `refused.${code}`;
  return key in english ? t(key as keyof typeof english) : t('refused.code', { code });
}

/** Why nothing is recorded. */
export function recordingTrouble(code: string): string {
  const key = `record.trouble.${code}`;
  return key in english ? t(key as keyof typeof english) : t('record.trouble.code', { code });
}

/** Why a stream does not go to another server. */
export function targetTrouble(code: string): string {
  const key = `targets.trouble.${code}`;
  return key in english ? t(key as keyof typeof english) : t('targets.trouble.code', { code });
}

// English is built in: better that than no page.
await texts.ready().catch(() => undefined);
