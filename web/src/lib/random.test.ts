import { describe, expect, it } from 'vitest';
import { newRoomId, newUid, randomText } from './random';

describe('randomText', () => {
  it('throws away bytes that would make the first letters more likely', () => {
    const bytes = [255, 254, 250, 0, 1, 2];
    let at = 0;
    const text = randomText('abcdefghij', 3, (buffer) => {
      for (let index = 0; index < buffer.length; index++) buffer[index] = bytes[at++] ?? 0;
    });
    // 250 and above are the last, incomplete round of 10 in 256.
    expect(text).toBe('abc');
  });
});

describe('a room id', () => {
  it('can be read aloud: three groups of letters, none of which looks like a digit', () => {
    for (let round = 0; round < 200; round++) expect(newRoomId()).toMatch(/^[abcdefghijkmnpqrstuvwxyz]{3}-[a-z]{4}-[a-z]{3}$/);
  });

  it('does not come twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => newRoomId())).size).toBe(1000);
  });
});

describe('a member id', () => {
  it('has the form that clients of the course use', () => {
    expect(newUid()).toMatch(/^[0-9a-z]{12}$/);
  });
});
