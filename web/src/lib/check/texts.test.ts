import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import english from '../../i18n/check.en.json';
import { CHECKS } from './registry';
import { CHECK_GROUPS, CHECK_IDS, type CheckStatus } from './types';

/** All sources that may name a text, as one string. */
const sources = ['./', '../../app/check/']
  .map((folder) => new URL(folder, import.meta.url))
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => new URL(name, folder)))
  .filter(({ pathname }) => /\.tsx?$/.test(pathname) && !pathname.endsWith('.test.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

const STATUSES: readonly CheckStatus[] = ['pending', 'running', 'pass', 'warn', 'fail', 'info', 'skipped'];

describe('the texts of the checks', () => {
  it('are all used', () => {
    const composed = /^(title|group|status)\./;
    const unused = Object.keys(english).filter((key) => !composed.test(key) && !sources.includes(`'${key}'`));
    expect(unused).toEqual([]);
  });

  it('name every check, every group and every status', () => {
    const keys = Object.keys(english);
    expect(keys).toEqual(expect.arrayContaining(CHECK_IDS.map((id) => `title.${id}`)));
    expect(keys).toEqual(expect.arrayContaining(CHECK_GROUPS.map((group) => `group.${group}`)));
    expect(keys).toEqual(expect.arrayContaining(STATUSES.map((status) => `status.${status}`)));
  });

  it('have titles for checks that exist and for no others', () => {
    const titled = Object.keys(english).filter((key) => key.startsWith('title.'));
    expect(titled.sort()).toEqual(CHECK_IDS.map((id) => `title.${id}`).sort());
  });
});

describe('the registry', () => {
  it('holds every id once, in the order of the ids', () => {
    expect(CHECKS.map(({ id }) => id)).toEqual([...CHECK_IDS]);
  });

  it('is described in docs/check.md, id by id', () => {
    const page = readFileSync(new URL('../../../../docs/check.md', import.meta.url), 'utf8');
    const missing = CHECK_IDS.filter((id) => !page.includes(`| \`${id}\` |`));
    expect(missing).toEqual([]);
  });
});
