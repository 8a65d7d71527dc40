import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { decodesPicture, FrameWatch } from './frame-watch';
import { FakeConnection } from './testing/fake-connection';

let connection: FakeConnection;
let watch: FrameWatch;

beforeEach(() => {
  vi.useFakeTimers();
  connection = new FakeConnection();
  watch = new FrameWatch(connection as unknown as RTCPeerConnection);
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

const look = () => vi.advanceTimersByTimeAsync(200);
const decoded = (mid: string, framesDecoded: number, keyFramesDecoded?: number) =>
  connection.decoded.set(mid, { framesDecoded, ...(keyFramesDecoded !== undefined && { keyFramesDecoded }) });

it('a slot that nobody had shows its first picture', async () => {
  watch.expect(new Map([['bo', '0']]));
  await look();
  expect([...watch.ready.value]).toEqual([]);
  decoded('0', 1, 1);
  await look();
  expect([...watch.ready.value]).toEqual(['bo']);
});

it('pictures of whoever had the slot before are not taken for those of the new one', async () => {
  decoded('0', 100, 2);
  watch.expect(new Map([['cy', '0']]));
  await look();
  decoded('0', 103, 2);
  await look();
  expect([...watch.ready.value]).toEqual([]);
  decoded('0', 104, 3);
  await look();
  expect([...watch.ready.value]).toEqual(['cy']);
});

it('where key frames are not counted, the next picture has to do', async () => {
  decoded('0', 100);
  watch.expect(new Map([['cy', '0']]));
  await look();
  decoded('0', 101);
  await look();
  expect([...watch.ready.value]).toEqual(['cy']);
});

it('a key frame that was missed does not hide a picture for good', async () => {
  decoded('0', 100, 2);
  watch.expect(new Map([['cy', '0']]));
  await look();
  decoded('0', 115, 2);
  await look();
  expect([...watch.ready.value]).toEqual(['cy']);
});

it('a slot that is given to somebody else is not ready for them', async () => {
  decoded('0', 5, 1);
  watch.expect(new Map([['bo', '0']]));
  await look();
  decoded('0', 50, 2);
  await look();
  watch.expect(new Map([['cy', '0']]));
  expect([...watch.ready.value]).toEqual([]);
  await look();
  expect([...watch.ready.value]).toEqual([]);
});

it('a picture that stops after its beginning is ready, and not steady until it goes on for a while', async () => {
  watch.expect(new Map([['bo', '0']]));
  await look();
  decoded('0', 1, 1);
  await look();
  expect([...watch.ready.value]).toEqual(['bo']);
  await vi.advanceTimersByTimeAsync(3000);
  expect([...watch.steady.value]).toEqual([]);
  for (let frames = 2; frames < 6; frames++) {
    decoded('0', frames, 1);
    await look();
  }
  expect([...watch.steady.value], 'a second has not passed').toEqual([]);
  for (let frames = 6; frames < 9; frames++) {
    decoded('0', frames, 1);
    await look();
  }
  expect([...watch.steady.value]).toEqual(['bo']);
  watch.expect(new Map([['cy', '0']]));
  expect([...watch.steady.value]).toEqual([]);
});

it('a connection decodes when pictures go on coming', async () => {
  const plain = connection as unknown as RTCPeerConnection;
  expect(await decodesPicture(plain)).toBe(false);
  decoded('1', 1);
  expect(await decodesPicture(plain), 'a first picture').toBe(false);
  decoded('1', 15);
  expect(await decodesPicture(plain)).toBe(true);
});
