/** Language and theme; both act at once and are remembered. */
import { Select } from './Select';
import { chooseLocale, selectTheme, theme, THEMES, type Theme } from '../preferences';
import { locale, type Locale } from '../../lib/i18n';
import { t } from '../texts';

/** Each language in its own words, so that whoever lost their way finds back. */
const LANGUAGES: readonly { value: Locale; label: string }[] = [
  { value: 'en', label: 'English' },
  { value: 'zh-CN', label: '简体中文' },
];

export function PreferenceFields() {
  return (
    <>
      <Select label={t('preferences.language')} value={locale.value} options={LANGUAGES} onSelect={(value) => void chooseLocale(value as Locale)} testid="language" />
      <Select
        label={t('preferences.theme')}
        value={theme.value ?? 'dark'}
        options={THEMES.map((value) => ({ value, label: t(`theme.${value}`) }))}
        onSelect={(value) => selectTheme(value as Theme)}
        testid="theme"
      />
    </>
  );
}
