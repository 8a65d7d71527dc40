import { describe, expect, it } from 'vitest';
import { addressesOf, parseStreamPath, parseTypedName, shownName, watchPath, withToken } from './stream-name';

describe('the path of a stream', () => {
  it.each([
    ['lesson', { app: 'live', stream: 'lesson' }],
    ['live/lesson', { app: 'live', stream: 'lesson' }],
    ['school/7b/lesson/', { app: 'school/7b', stream: 'lesson' }],
    ['%E8%AF%BE', { app: 'live', stream: '课' }],
  ])('%s names a stream, and its page is found again by it', (path, name) => {
    expect(parseStreamPath(path)).toEqual(name);
    expect(parseStreamPath(watchPath(name).replace('/live/', ''))).toEqual(name);
  });

  it.each(['', '..', 'a/../b', 'a%2Fb', 'a%5Cb', 'a%3Fb', 'a%00', '%ff', 'x'.repeat(256)])('%j names none', (path) => {
    expect(parseStreamPath(path)).toBeUndefined();
  });

  it('is taken up to the limit of a name', () => {
    expect(parseStreamPath('x'.repeat(255))?.stream).toHaveLength(255);
    expect(parseStreamPath('课'.repeat(85))).toBeDefined();
    expect(parseStreamPath('课'.repeat(86))).toBeUndefined();
  });
});

describe('a typed name', () => {
  it('may have spaces, and an application in front', () => {
    expect(parseTypedName('  my first lesson ')).toEqual({ app: 'live', stream: 'my-first-lesson' });
    expect(parseTypedName('school/lesson')).toEqual({ app: 'school', stream: 'lesson' });
    expect(parseTypedName('50% off')).toEqual({ app: 'live', stream: '50%-off' });
    for (const wrong of ['', '  ', 'a?b', '..']) expect(parseTypedName(wrong)).toBeUndefined();
  });
});

describe('the addresses of a stream', () => {
  it('are those of the protocols, escaped', () => {
    const name = { app: 'school', stream: 'a b' };
    expect(addressesOf(name, { origin: 'https://call.example.org:8443', rtmpPort: 1935 })).toEqual({
      page: 'https://call.example.org:8443/live/school/a%20b',
      whip: 'https://call.example.org:8443/whip/school/a%20b',
      whep: 'https://call.example.org:8443/whep/school/a%20b',
      hls: 'https://call.example.org:8443/school/a%20b/index.m3u8',
      flv: 'https://call.example.org:8443/school/a%20b.flv',
      rtmp: 'rtmp://call.example.org/school/a%20b',
      rtmpServer: 'rtmp://call.example.org/school',
      streamKey: 'a%20b',
    });
    expect(shownName(name)).toBe('school/a b');
  });

  it('say the port of RTMP where it is another, and nothing where there is none', () => {
    const name = { app: 'live', stream: 'a' };
    expect(addressesOf(name, { origin: 'http://[::1]:8080', rtmpPort: 2935 }).rtmp).toBe('rtmp://[::1]:2935/live/a');
    expect(addressesOf(name, { origin: 'http://h', rtmpPort: null })).toMatchObject({ rtmp: null, rtmpServer: null });
    expect(shownName(name)).toBe('a');
  });

  it('carry a token in their query where there is one', () => {
    expect(withToken('http://h/a.flv', 'x.y&z')).toBe('http://h/a.flv?token=x.y%26z');
    expect(withToken('http://h/a?b=1', 'c')).toBe('http://h/a?b=1&token=c');
    expect(withToken('http://h/a.flv', undefined)).toBe('http://h/a.flv');
  });
});
