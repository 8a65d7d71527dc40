import { describe, expect, it } from 'vitest';
import { nextPlace } from './menu-keys';

describe('the keys of a menu', () => {
  it.each([
    ['ArrowDown', 0, 1],
    ['ArrowDown', 2, 0],
    ['ArrowDown', -1, 0],
    ['ArrowUp', 0, 2],
    ['ArrowUp', 2, 1],
    ['ArrowUp', -1, 2],
    ['Home', 2, 0],
    ['End', 0, 2],
    ['Tab', 0, undefined],
    ['m', 0, undefined],
  ])('%s at %i of three goes to %s', (key, place, next) => {
    expect(nextPlace(key, place, 3)).toBe(next);
  });

  it('go nowhere in an empty one', () => {
    expect(nextPlace('ArrowDown', -1, 0)).toBeUndefined();
  });
});
