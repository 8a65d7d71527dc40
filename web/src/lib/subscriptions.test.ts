import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Slot } from './media-link';
import type { SlotReport, SlotRequest } from './meeting-message';
import { feedKey, slotsFor, Subscriptions, type Wish } from './subscriptions';

let sent: (readonly SlotRequest[])[];
let grown: number[];
let subscriptions: Subscriptions;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  grown = [];
  subscriptions = new Subscriptions({ send: (slots) => sent.push(slots), grow: (count) => grown.push(count) });
});
afterEach(() => vi.useRealTimers());

const slots = (video: number, audio = 0): Slot[] =>
  Array.from({ length: video + audio }, (_, index) => ({
    mid: String(index),
    kind: index < video ? ('video' as const) : ('audio' as const),
    track: { id: `track-${index}`, kind: index < video ? 'video' : 'audio' } as MediaStreamTrack,
  }));
const wish = (uid: string, more: Partial<Wish> = {}): Wish => ({ uid, source: 'camera', width: 640, height: 360, priority: 'normal', visible: true, ...more });
const live = (mid: string, remoteUid: string, more: Partial<SlotReport> = {}): SlotReport => ({
  mid,
  remoteUid,
  source: 'camera',
  state: 'live',
  reason: undefined,
  layer: 'h',
  temporal: 2,
  ...more,
});
const pass = () => vi.advanceTimersByTime(1000);
const feed = (uid: string) => subscriptions.feeds.value.get(feedKey(uid, 'camera'));

describe('wishes', () => {
  it('that come together go together, each into a slot of its own', () => {
    subscriptions.setSlots(slots(4));
    subscriptions.want(wish('bo'));
    subscriptions.want(wish('cy', { width: 320, height: 180 }));
    pass();
    expect(sent).toEqual([
      [
        { mid: '0', remoteUid: 'bo', source: 'camera', width: 640, height: 360, priority: 'normal', paused: false },
        { mid: '1', remoteUid: 'cy', source: 'camera', width: 320, height: 180, priority: 'normal', paused: false },
      ],
    ]);
  });

  it('wait for slots', () => {
    subscriptions.want(wish('bo'));
    pass();
    expect(sent).toEqual([]);
    subscriptions.setSlots(slots(1));
    expect(sent).toHaveLength(1);
  });

  it('are not repeated when nothing changed, nor for a few pixels', () => {
    subscriptions.setSlots(slots(1));
    subscriptions.want(wish('bo'));
    pass();
    subscriptions.want(wish('bo'));
    subscriptions.want(wish('bo', { width: 660, height: 371 }));
    pass();
    expect(sent).toHaveLength(1);
  });

  it('that change often go seldom, and the last one counts', () => {
    subscriptions.setSlots(slots(1));
    subscriptions.want(wish('bo'));
    pass();
    for (let width = 600; width > 200; width -= 10) {
      subscriptions.want(wish('bo', { width, height: width / 2 }));
      vi.advanceTimersByTime(5);
    }
    pass();
    expect(sent).toHaveLength(2);
    expect(sent.at(-1)).toMatchObject([{ width: 210 }]);
  });

  it('of tiles that nobody sees are paused, and keep their slot', () => {
    subscriptions.setSlots(slots(2));
    subscriptions.want(wish('bo'));
    pass();
    subscriptions.want(wish('bo', { visible: false }));
    pass();
    expect(sent.at(-1)).toMatchObject([{ mid: '0', remoteUid: 'bo', paused: true }]);
  });

  it('that end empty the slot; a tile that only moves in the page keeps it', () => {
    subscriptions.setSlots(slots(1));
    subscriptions.want(wish('bo'));
    pass();
    subscriptions.drop('bo', 'camera');
    subscriptions.want(wish('bo'));
    pass();
    expect(sent).toHaveLength(1);
    subscriptions.drop('bo', 'camera');
    pass();
    expect(sent.at(-1)).toEqual([{ mid: '0', remoteUid: null }]);
  });

  it('are all said again when the server may have lost them', () => {
    subscriptions.setSlots(slots(2));
    subscriptions.want(wish('bo'));
    subscriptions.want(wish('cy'));
    pass();
    subscriptions.repeat();
    pass();
    expect(sent.at(-1)).toHaveLength(2);
  });
});

describe('slots', () => {
  it.each([
    [0, 4],
    [4, 4],
    [5, 9],
    [17, 25],
    [49, 49],
    [80, 49],
  ])('for %i pictures are had in a grid of %i', (count, step) => expect(slotsFor(count)).toBe(step));

  it('that do not suffice are asked for', () => {
    subscriptions.setSlots(slots(4));
    for (const uid of ['a', 'b', 'c', 'd', 'e']) subscriptions.want(wish(uid));
    pass();
    expect(grown).toEqual([9]);
    subscriptions.setSlots(slots(9));
    expect(sent.at(-1)).toMatchObject([{ mid: '4', remoteUid: 'e' }]);
  });

  it('that are short go to who is seen', () => {
    subscriptions.setSlots(slots(1));
    subscriptions.want(wish('bo'));
    pass();
    subscriptions.want(wish('bo', { visible: false }));
    subscriptions.want(wish('cy'));
    pass();
    expect(sent.at(-1)).toMatchObject([{ mid: '0', remoteUid: 'cy' }]);
  });

  it('for sound are filled by the server, but for a screen’s', () => {
    subscriptions.setSlots(slots(1, 3));
    subscriptions.want(wish('bo', { source: 'screen-audio', width: 0, height: 0 }));
    pass();
    expect(sent).toMatchObject([[{ mid: '3', remoteUid: 'bo', source: 'screen-audio' }]]);
    subscriptions.report([live('1', 'cy', { source: 'microphone' }), live('3', 'bo', { source: 'screen-audio' })]);
    expect([...subscriptions.voices.value]).toEqual([['1', 'cy']]);
  });
});

describe('reports', () => {
  it('tell what has come of a wish', () => {
    subscriptions.setSlots(slots(1));
    subscriptions.want(wish('bo'));
    pass();
    expect(feed('bo')?.state).toBe('waiting');
    subscriptions.report([live('0', 'bo')]);
    expect(feed('bo')).toMatchObject({ state: 'live', layer: 'h', temporal: 2, track: { id: 'track-0' } });
    subscriptions.report([live('0', 'bo', { state: 'paused', reason: 'bandwidth' })]);
    expect(feed('bo')).toMatchObject({ state: 'paused', reason: 'bandwidth' });
  });

  it('about whom the slot had before mean nothing for whom it has', () => {
    subscriptions.setSlots(slots(1));
    subscriptions.want(wish('bo'));
    pass();
    subscriptions.report([live('0', 'bo')]);
    subscriptions.drop('bo', 'camera');
    subscriptions.want(wish('cy'));
    pass();
    expect(feed('cy')?.state).toBe('waiting');
    subscriptions.report([live('0', 'bo')]);
    expect(feed('cy')?.state).toBe('waiting');
    subscriptions.report([live('0', 'cy')]);
    expect(feed('cy')?.state).toBe('live');
  });
});
