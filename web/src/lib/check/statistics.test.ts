import { describe, expect, it } from 'vitest';
import { decibels, round, spread } from './statistics';

describe('spread', () => {
  it('of nothing is nothing', () => {
    expect(spread([])).toBeNull();
  });

  it('of one sample is that sample', () => {
    expect(spread([7])).toEqual({ count: 1, min: 7, median: 7, p95: 7, max: 7 });
  });

  it('takes the nearest rank and does not touch its input', () => {
    const samples = Array.from({ length: 20 }, (_none, index) => 20 - index);
    expect(spread(samples)).toEqual({ count: 20, min: 1, median: 10, p95: 19, max: 20 });
    expect(samples[0]).toBe(20);
  });
});

describe('decibels', () => {
  it.each([
    [1, 0],
    [0.5, -6],
    [0.001, -60],
    [0, null],
  ])('of amplitude %d are %s', (amplitude, expected) => {
    expect(decibels(amplitude)).toBe(expected);
  });
});

describe('round', () => {
  it('keeps one digit unless asked for others', () => {
    expect(round(1.26)).toBe(1.3);
    expect(round(0.12345, 3)).toBe(0.123);
  });
});
