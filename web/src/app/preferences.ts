/** What the browser remembers for its user: language, theme. Storage that is closed to us (private mode) is no error. */
import { signal } from '@preact/signals';
import { LOCALES, locale, preferredLocale, selectLocale, type Locale } from '../lib/i18n';

export const THEMES = ['dark', 'light', 'contrast', 'system'] as const;
export type Theme = (typeof THEMES)[number];

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`parlor.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`parlor.${key}`);
    else localStorage.setItem(`parlor.${key}`, value);
  } catch {
    // Nothing to do: the choice then lasts as long as the page.
  }
}

const moreContrast = matchMedia('(prefers-contrast: more)');
const lightScheme = matchMedia('(prefers-color-scheme: light)');

/** The chosen theme; `null` as long as nobody chose: dark, or high contrast where the system asks for it. */
export const theme = signal<Theme | null>(null);

function applyTheme(): void {
  const chosen = theme.peek();
  const system = moreContrast.matches ? 'contrast' : lightScheme.matches ? 'light' : 'dark';
  const effective = chosen === 'system' ? system : (chosen ?? (moreContrast.matches ? 'contrast' : 'dark'));
  document.documentElement.dataset['theme'] = effective;
  const ground = getComputedStyle(document.documentElement).getPropertyValue('--ground');
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', ground.trim());
}

export function selectTheme(wanted: Theme): void {
  theme.value = wanted;
  remember('theme', wanted);
  applyTheme();
}

/** The language of dates and times: the browser's own kind of the chosen language, so that 24-hour clocks stay 24-hour clocks. */
export function dateLocale(): string {
  const chosen = locale.value;
  return navigator.languages.find((language) => preferredLocale([language]) === chosen && language.slice(0, 2) === chosen.slice(0, 2)) ?? chosen;
}

export async function chooseLocale(wanted: Locale): Promise<void> {
  await selectLocale(wanted);
  remember('locale', wanted);
  document.documentElement.lang = wanted;
}

/** Restores what is remembered, before the first drawing. */
export async function restorePreferences(): Promise<void> {
  const kept = recall('theme');
  theme.value = THEMES.find((known) => known === kept) ?? null;
  applyTheme();
  moreContrast.addEventListener('change', applyTheme);
  lightScheme.addEventListener('change', applyTheme);
  const language = LOCALES.find((known) => known === recall('locale')) ?? preferredLocale(navigator.languages);
  await selectLocale(language);
  document.documentElement.lang = language;
}
