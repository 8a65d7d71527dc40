import { describe, expect, it } from 'vitest';
import { bandPath, barsPath, ceilingOf, labelSpace, largest, linePath, spread, stack, type Frame } from './chart-geometry';

const FRAME: Frame = { width: 100, top: 0, bottom: 50, slots: 11, ceiling: 10 };

describe('the axis', () => {
  it('ends at a round number that holds every value', () => {
    expect([0, 0.4, 1, 1.2, 4, 7, 99, 101, 2001].map(ceilingOf)).toEqual([1, 1, 1, 2, 5, 10, 100, 200, 5000]);
  });

  it('holds the sum of what lies on each other', () => {
    expect(largest([[1, 2], [3, undefined]], false)).toBe(3);
    expect(largest([[1, 2], [3, undefined]], true)).toBe(4);
    expect(largest([], true)).toBe(0);
  });
});

describe('a line', () => {
  it('ends at the right, however few values there are', () => {
    expect(linePath([5, 10], FRAME)).toBe('M90,25L100,0');
  });

  it('breaks where nothing is known, and one value between gaps is a dot', () => {
    expect(linePath([0, undefined, 10], FRAME)).toBe('M80,50h.1M100,0h.1');
    expect(linePath([undefined, undefined], FRAME)).toBe('');
  });
});

describe('bands', () => {
  it('lie on each other and end together, also when one began later', () => {
    expect(stack([[1, 2, 3], [4]])).toEqual([
      [1, 2, 3],
      [1, 2, 7],
    ]);
  });

  it('enclose the room between two sums', () => {
    expect(bandPath([5, 10], [5, 5], FRAME)).toBe('M90,25L100,0L100,25L90,25Z');
    expect(bandPath([], undefined, FRAME)).toBe('');
  });
});

describe('bars', () => {
  it('stand only where something happened', () => {
    expect(barsPath([0, 10, undefined], { ...FRAME, slots: 10 })).toBe('M81.5,50V0h7V50Z');
  });
});

describe('labels', () => {
  it('stay where they are when they have room', () => {
    expect(spread([10, 40], 11, 0, 50)).toEqual([10, 40]);
  });

  it('move apart just enough, in the order of the lines, within the bounds', () => {
    expect(spread([48, 47, 49], 10, 0, 50)).toEqual([40, 30, 50]);
    expect(spread([5, 5], 10, 0, 50)).toEqual([5, 15]);
  });
});

describe('the place of labels', () => {
  it('holds the longest of them, in letters of either width', () => {
    expect(labelSpace(['out'])).toBe(labelSpace([]));
    expect(labelSpace(['in', 'leaving in trains'])).toBeGreaterThanOrEqual(17 * 5);
    expect(labelSpace(['发往客户端'])).toBeGreaterThan(5 * 10);
  });

  it('leaves most of the drawing to the lines, however long a name is', () => {
    expect(labelSpace(['a'.repeat(255)])).toBe(120);
  });
});
