import { batch, effect } from '@preact/signals-core';
import { describe, expect, it } from 'vitest';
import { Announcements, ANNOUNCEMENTS_MAX } from './announcements';

describe('announcements', () => {
  it('of one moment are all heard, in their order', () => {
    const announcements = new Announcements();
    const heard: string[] = [];
    effect(() => void heard.splice(0, Infinity, ...announcements.recent.value.map(({ name }) => name)));
    batch(() => {
      announcements.say('left', 'Ana');
      announcements.say('joined', 'Bo');
    });
    expect(heard).toEqual(['Ana', 'Bo']);
  });

  it('have keys that grow, so that a reader knows what it has read', () => {
    const announcements = new Announcements();
    for (let n = 0; n < ANNOUNCEMENTS_MAX + 5; n++) announcements.say('chat', 'Ana', `${n}`);
    const keys = announcements.recent.value.map(({ key }) => key);
    expect(keys).toHaveLength(ANNOUNCEMENTS_MAX);
    expect(keys).toEqual(keys.toSorted((one, other) => one - other));
    expect(announcements.recent.value.at(-1)?.text).toBe(`${ANNOUNCEMENTS_MAX + 4}`);
  });
});
