import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const lib = new URL('.', import.meta.url).pathname;
const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

/** The code without comments and texts: these may name what the code must not use. */
const code = (name: string) => readFileSync(join(lib, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$|'[^'\n]*'/gm, '');

it.each(sources)('%s uses no document and no element', (name) => {
  expect(code(name).match(/\bdocument\b|\bHTML\w*Element\b/g)).toBeNull();
});

it.each(sources)('%s imports no page', (name) => {
  expect(readFileSync(join(lib, name), 'utf8')).not.toMatch(/from '[^']*\/app\//);
});
