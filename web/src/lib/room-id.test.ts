import { describe, expect, it } from 'vitest';
import { isRoomId, parseRoomId, parseRoomQuery, ROOM_ID_BYTES_MAX } from './room-id';

describe('parseRoomId', () => {
  it.each([
    ['abc-defg-hij', 'abc-defg-hij'],
    ['  abc-defg-hij ', 'abc-defg-hij'],
    ['ABCDEFGHIJ', 'abc-defg-hij'],
    ['abc defg hij', 'abc-defg-hij'],
    ['100', '100'],
    ['会议', '会议'],
    ['My-Room_1', 'My-Room_1'],
    ['https://parlor.test/r/abc-defg-hij', 'abc-defg-hij'],
    ['https://parlor.test:8443/r/abc-defg-hij?it=relay#x', 'abc-defg-hij'],
    ['https://parlor.test/r/%E4%BC%9A%E8%AE%AE', '会议'],
    ['/r/100', '100'],
    ['r/100', '100'],
  ])('finds the room in %j', (input, room) => {
    expect(parseRoomId(input)).toBe(room);
  });

  it.each(['', '   ', 'https://parlor.test/', 'https://parlor.test/check', 'a/b', 'https://parlor.test/r/%E4', 'a\u0007b'])('finds none in %j', (input) => {
    expect(parseRoomId(input)).toBeUndefined();
  });
});

describe('parseRoomQuery', () => {
  it.each([
    ['https://parlor.test/r/100?token=eyJ.x.y#z', '?token=eyJ.x.y'],
    [' /r/100?it=relay ', '?it=relay'],
    ['r/100?it=relay', '?it=relay'],
    ['https://parlor.test/r/100', ''],
    ['https://other.test/r/100?token=eyJ.x.y', ''],
    ['https://parlor.test/check?token=eyJ.x.y', ''],
    ['what?', ''],
    ['100', ''],
  ])('finds in %j what goes along: %j', (input, query) => {
    expect(parseRoomQuery(input, 'https://parlor.test')).toBe(query);
  });
});

describe('isRoomId', () => {
  it.each([
    [ROOM_ID_BYTES_MAX, true],
    [ROOM_ID_BYTES_MAX + 1, false],
  ])('of %i bytes: %s', (bytes, fits) => {
    expect(isRoomId('a'.repeat(bytes))).toBe(fits);
  });

  it('counts bytes, not letters', () => {
    expect(isRoomId('会'.repeat(42))).toBe(true);
    expect(isRoomId('会'.repeat(43))).toBe(false);
  });
});
