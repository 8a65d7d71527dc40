import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { interpolate, preferredLocale } from './i18n';

const folder = new URL('../i18n/', import.meta.url);
const read = (name: string): Record<string, string> => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const names = readdirSync(folder);
const pairs = names.filter((name) => /(^|\.)en\.json$/.test(name)).map((name) => [name, name.replace(/en\.json$/, 'zh-CN.json')] as const);

describe('texts', () => {
  it('exist in both languages, file by file', () => {
    expect(pairs.length).toBeGreaterThan(0);
    expect(names.length).toBe(pairs.length * 2);
  });

  it.each(pairs)('%s and %s have the same keys with the same placeholders, and no empty text', (english, chinese) => {
    const en = read(english);
    const zh = read(chinese);
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
    const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((match) => match[0]).sort();
    for (const [key, text] of Object.entries(en)) {
      expect(text.trim(), key).not.toBe('');
      expect(zh[key]?.trim(), key).not.toBe('');
      expect(placeholders(zh[key] ?? ''), key).toEqual(placeholders(text));
    }
  });

  it('carry no exclamation marks', () => {
    for (const name of names) {
      for (const [key, text] of Object.entries(read(name))) expect(text, `${name} ${key}`).not.toMatch(/[!！]/);
    }
  });
});

describe('preferredLocale', () => {
  it.each([
    [['zh-TW', 'en'], 'zh-CN'],
    [['zh'], 'zh-CN'],
    [['de-DE', 'zh-CN'], 'zh-CN'],
    [['fr', 'en-GB', 'zh'], 'en'],
    [['fr'], 'en'],
    [[], 'en'],
  ])('of %j is %s', (languages, expected) => {
    expect(preferredLocale(languages)).toBe(expected);
  });
});

describe('interpolate', () => {
  it('fills what is given and leaves the rest', () => {
    expect(interpolate('{a} and {b}', { a: 1 })).toBe('1 and {b}');
  });

  it('does not fill a second time what a value brings in', () => {
    expect(interpolate('{a}{b}', { a: '{b}', b: 'x' })).toBe('{b}x');
  });
});
