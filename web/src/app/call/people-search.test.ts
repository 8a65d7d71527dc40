import { expect, it } from 'vitest';
import { nameMatches } from './people-search';

it.each([
  ['José Álvarez', 'jose', true],
  ['José Álvarez', 'alvarez jo', true],
  ['José Álvarez', '  ÁLV ', true],
  ['José Álvarez', 'ana', false],
  ['José Álvarez', 'jose ana', false],
  ['Ａｎａ', 'ana', true],
  ['王小明', '小明', true],
  ['Ana', '', true],
])('"%s" is found by "%s": %s', (name, wanted, found) => {
  expect(nameMatches(name, wanted)).toBe(found);
});
