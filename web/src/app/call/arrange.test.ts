import { describe, expect, it } from 'vitest';
import { arrange, order } from './arrange';

const GAP = 8;

describe('a grid', () => {
  it.each([
    [1280, 720, 1, 1],
    [1280, 720, 2, 2],
    [1280, 720, 4, 2],
    [1280, 720, 5, 3],
    [1280, 720, 9, 3],
    [1280, 720, 12, 4],
    [390, 700, 3, 1],
    [390, 700, 8, 2],
    [2560, 1300, 49, 7],
  ])('in %i × %i for %i has %i columns', (width, height, count, columns) => {
    expect(arrange({ width, height }, count, GAP)).toMatchObject({ columns, perPage: count });
  });

  it('stays within its area, whatever the area', () => {
    for (let width = 100; width < 3000; width += 173) {
      for (let height = 80; height < 1600; height += 131) {
        for (const count of [1, 2, 3, 7, 13, 49, 120]) {
          const { columns, tileWidth, tileHeight, perPage } = arrange({ width, height }, count, GAP);
          const rows = Math.ceil(perPage / columns);
          expect(columns * tileWidth + (columns - 1) * GAP).toBeLessThanOrEqual(width);
          expect(rows * tileHeight + (rows - 1) * GAP).toBeLessThanOrEqual(height);
        }
      }
    }
  });

  it('goes to further pages rather than below a useful size', () => {
    const { perPage, tileWidth } = arrange({ width: 390, height: 600 }, 30, GAP);
    expect(perPage).toBeLessThan(30);
    expect(tileWidth).toBeGreaterThanOrEqual(136);
  });

  it('shows no more than forty-nine at once', () => expect(arrange({ width: 5000, height: 3000 }, 80, GAP).perPage).toBe(49));

  it('of an area that is not measured yet sends nobody to another page', () => expect(arrange({ width: 0, height: 0 }, 5, GAP).perPage).toBe(5));
});

describe('the order', () => {
  it('puts newcomers last and closes the gaps', () => expect(order(['a', 'b', 'c'], ['a', 'c', 'd'], undefined, 9)).toEqual(['a', 'c', 'd']));
  it('does not change for somebody who is seen', () => expect(order(['a', 'b', 'c'], ['a', 'b', 'c'], 'b', 2)).toEqual(['a', 'b', 'c']));
  it('brings a speaker to the first page', () => expect(order(['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd'], 'd', 2)).toEqual(['a', 'd', 'c', 'b']));
  it('takes no notice of a speaker who is gone', () => expect(order(['a', 'b'], ['a', 'b'], 'z', 1)).toEqual(['a', 'b']));
});
