import { describe, expect, it } from 'vitest';
import { BYTES_MAX, fromJson, pack, toJson, unpack } from './data-bytes';

const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);
const buffer = (said: string) => Uint8Array.from(said, (character) => character.charCodeAt(0)).buffer;

describe('a message of a data channel', () => {
  it('has whom it is for, the topic and the bytes', () => {
    expect(text(pack('ab', Uint8Array.of(1, 0, 255)))).toBe('\x00\x02ab\x01\x00\xff');
    expect(text(pack('', new Uint8Array(), 'bo'))).toBe('\x02bo\x00');
    expect([...pack('ü', new Uint8Array())]).toEqual([0, 2, 0xc3, 0xbc]);
  });

  it('is read with who sent it', () => {
    expect(unpack(buffer('\x02bo\x02ab\x01\x00\xff'))).toEqual({ uid: 'bo', topic: 'ab', data: Uint8Array.of(1, 0, 255) });
    expect(unpack(buffer('\x02bo\x00'))).toEqual({ uid: 'bo', topic: '', data: new Uint8Array() });
  });

  it('is passed over where a name is cut off, or nobody sent it', () => {
    for (const said of ['', '\x00', '\x02b', '\x02bo', '\x02bo\x02a', '\x00\x01a']) expect(unpack(buffer(said))).toBeUndefined();
  });

  it('takes as many bytes as there may be, and no more', () => {
    expect(pack('', new Uint8Array(BYTES_MAX))).toHaveLength(BYTES_MAX + 2);
    expect(() => pack('', new Uint8Array(BYTES_MAX + 1))).toThrow(RangeError);
    expect(pack('a'.repeat(64), new Uint8Array(), 'b'.repeat(64))).toHaveLength(130);
    expect(() => pack('a'.repeat(65), new Uint8Array())).toThrow(RangeError);
  });
});

describe('JSON', () => {
  it('has the bytes in base64 and gives them back', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(toJson(Uint8Array.of(1, 0, 255))).toEqual({ $bytes: 'AQD/' });
    expect(fromJson(JSON.parse(JSON.stringify(toJson(bytes))))).toEqual(bytes);
  });

  it('takes as many bytes as there may be, which the server takes as well, and no more', () => {
    expect(JSON.stringify(toJson(new Uint8Array(BYTES_MAX))).length).toBeLessThanOrEqual(16 * 1024);
    expect(() => toJson(new Uint8Array(BYTES_MAX + 1))).toThrow(RangeError);
  });

  it('that stands for no bytes stays as it is', () => {
    for (const data of [null, 7, 'AQD/', { $bytes: 7 }, { $bytes: '?' }, { $bytes: 'AQD/', more: 1 }, ['AQD/']]) expect(fromJson(data)).toBe(data);
  });
});
