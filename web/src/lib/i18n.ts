/**
 * Texts in several languages. A page brings a table of messages per language; the table of the first language is the
 * fallback and gives the keys their types. Texts read the `locale` signal, so what shows them is drawn again when it changes.
 */
import { signal } from '@preact/signals-core';

export const LOCALES = ['en', 'zh-CN'] as const;
export type Locale = (typeof LOCALES)[number];
export type Messages = Readonly<Record<string, string>>;
export type Variables = Readonly<Record<string, string | number>>;

/** The language of the page. Change it with {@link selectLocale} only: the tables must be there first. */
export const locale = signal<Locale>('en');

/** The best of our languages for a browser's list (`navigator.languages`). */
export function preferredLocale(languages: readonly string[]): Locale {
  for (const language of languages) {
    const tag = language.toLowerCase();
    if (tag.startsWith('zh')) return 'zh-CN';
    if (tag.startsWith('en')) return 'en';
  }
  return 'en';
}

/** Puts `variables` in the places of `{name}`; a name that is not given stays as it is. */
export function interpolate(text: string, variables: Variables): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = variables[name];
    return value === undefined ? whole : String(value);
  });
}

type Loader = () => Promise<{ default: Messages }>;
const tables: Array<(wanted: Locale) => Promise<void>> = [];

/**
 * Declares a table of texts: English at once, the other languages loaded when wanted.
 * Returns `t`, and `ready`, which resolves when the table of the current language is there.
 */
export function defineTexts<M extends Messages>(
  english: M,
  others: Readonly<Record<Exclude<Locale, 'en'>, Loader>>,
): { t: (key: keyof M & string, variables?: Variables) => string; ready: () => Promise<void> } {
  const loaded = signal<Partial<Record<Locale, Messages>>>({ en: english });
  const load = async (wanted: Locale): Promise<void> => {
    if (wanted === 'en' || loaded.peek()[wanted]) return;
    const table = await others[wanted]();
    loaded.value = { ...loaded.peek(), [wanted]: table.default };
  };
  tables.push(load);
  const t = (key: keyof M & string, variables?: Variables): string => {
    const text = loaded.value[locale.value]?.[key] ?? english[key] ?? key;
    return variables ? interpolate(text, variables) : text;
  };
  return { t, ready: () => load(locale.peek()) };
}

/** Loads the tables of a language, then switches to it. */
export async function selectLocale(wanted: Locale): Promise<void> {
  await Promise.all(tables.map((load) => load(wanted)));
  locale.value = wanted;
}
