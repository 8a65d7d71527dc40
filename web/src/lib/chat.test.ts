import { describe, expect, it } from 'vitest';
import { ChatLog, clipToBytes, linkParts, MESSAGES_MAX } from './chat';

describe('a page that was loaded again', () => {
  it('shows what it had shown, as read; what was under way can be sent again', () => {
    const before = new ChatLog();
    before.receive({ uid: 'bo', name: 'Bo' }, 'hello', 1, true);
    before.compose('hi', 2);
    const after = new ChatLog();
    after.takeOver(before.messages.value);
    expect(after.messages.value).toMatchObject([
      { from: { uid: 'bo' }, text: 'hello', private: true, delivery: 'sent' },
      { from: undefined, text: 'hi', delivery: 'failed' },
    ]);
    expect(after.unread.value).toBe(0);
    after.receive({ uid: 'bo', name: 'Bo' }, 'again', 3);
    expect(new Set(after.messages.value.map(({ key }) => key)).size).toBe(3);
  });
});

describe('linkParts', () => {
  it.each([
    ['see https://example.org/x.', ['see ', ['https://example.org/x', 'https://example.org/x'], '.']],
    ['(http://a.test/b)', ['(', ['http://a.test/b', 'http://a.test/b'], ')']],
    ['看https://a.test/，好', ['看', ['https://a.test/', 'https://a.test/'], '，好']],
    ['nothing here', ['nothing here']],
    ['javascript:alert(1)', ['javascript:alert(1)']],
    ['data:text/html,x', ['data:text/html,x']],
    ['https://', ['https://']],
    ['', []],
  ])('%j', (text, expected) => {
    expect(linkParts(text).map((part) => (part.href ? [part.text, part.href] : part.text))).toEqual(expected);
  });

  it('loses no letter', () => {
    const text = 'a https://x.test/?q=1&b=2 b, https://y.test c';
    expect(linkParts(text).map((part) => part.text).join('')).toBe(text);
  });
});

describe('clipToBytes', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'abc'],
    ['会议', 5, '会'],
    ['a😀', 4, 'a'],
    ['a会😀', Infinity, 'a会😀'],
  ])('of %j to %s bytes is %j', (text, bytes, clipped) => {
    expect(clipToBytes(text, bytes)).toBe(clipped);
  });
});

describe('ChatLog', () => {
  it('counts what was not read', () => {
    const log = new ChatLog();
    log.receive({ uid: 'bo', name: 'Bo' }, 'one', 1);
    log.receive({ uid: 'bo', name: 'Bo' }, 'two', 2);
    log.compose('own', 3);
    expect(log.unread.value).toBe(2);
    log.read();
    expect(log.unread.value).toBe(0);
  });

  it.each([
    [MESSAGES_MAX, 0],
    [MESSAGES_MAX + 1, 1],
  ])('of %i messages the first kept is number %i', (count, first) => {
    const log = new ChatLog();
    for (let n = 0; n < count; n++) log.receive({ uid: 'bo', name: 'Bo' }, String(n), n);
    expect(log.messages.value).toHaveLength(MESSAGES_MAX);
    expect(log.messages.value[0]?.text).toBe(String(first));
  });

  it('marks a message that could not be sent', () => {
    const log = new ChatLog();
    const key = log.compose('Hello', 1);
    log.mark(key, 'failed');
    expect(log.messages.value[0]?.delivery).toBe('failed');
  });
});
