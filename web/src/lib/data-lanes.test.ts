import { beforeEach, describe, expect, it } from 'vitest';
import { BYTES_MAX } from './data-bytes';
import { BUFFERED_BYTES_MAX, DataLanes, JSON_BYTES_MAX, LOSSY_BUFFERED_BYTES_MAX } from './data-lanes';
import { FakeChannel } from './testing/fake-channel';
import { FakeConnection } from './testing/fake-connection';

let channel: FakeChannel;
let connection: FakeConnection;
let lanes: DataLanes;
let heard: unknown[];

beforeEach(() => {
  channel = new FakeChannel();
  connection = new FakeConnection();
  lanes = new DataLanes(channel);
  heard = [];
});

const attach = (to = connection) => lanes.attach(to as unknown as RTCPeerConnection);
const lane = (label: string) => {
  const found = connection.channels.find((candidate) => candidate.label === label);
  if (!found) throw new Error(`no ${label}`);
  return found;
};
const open = () => connection.channels.forEach((opened) => (opened.readyState = 'open'));

describe('a page that neither sends nor listens', () => {
  it('has no data channels', () => {
    attach();
    expect(connection.channels).toEqual([]);
  });
});

describe('sending', () => {
  it('goes by signalling without a media server', () => {
    expect(lanes.send('pointer', { x: 1 }, { lossy: true })).toBe(true);
    expect(lanes.send('file', 2, { to: 'bo' })).toBe(true);
    expect(channel.sent).toEqual([
      { cmd: 'data', topic: 'pointer', data: { x: 1 } },
      { cmd: 'data', topic: 'file', data: 2, remoteUid: 'bo' },
    ]);
  });

  it('goes by signalling until the channels are open, and by them from then on', () => {
    attach();
    lanes.send('x', 1);
    expect(channel.sent).toHaveLength(1);
    expect(connection.channels.map(({ label, init }) => [label, init])).toEqual([
      ['data', { ordered: true }],
      ['data-lossy', { ordered: false, maxRetransmits: 0 }],
    ]);
    open();
    lanes.send('x', 2, { to: 'bo' });
    lanes.send('x', 3, { lossy: true });
    expect(channel.sent).toHaveLength(1);
    expect(lane('data').sent).toEqual(['{"topic":"x","data":2,"remoteUid":"bo"}']);
    expect(lane('data-lossy').sent).toEqual(['{"topic":"x","data":3}']);
  });

  it.each([['by signalling', false], ['by a channel', true]])('what is too long for a message is refused %s, and what just fits is sent', (_, byChannel) => {
    attach();
    lanes.send('x', 0);
    if (byChannel) open();
    const sent = () => channel.sent.length + connection.channels.reduce((sum, { sent: onIt }) => sum + onIt.length, 0);
    const before = sent();
    // Two quotation marks, and two bytes for each letter.
    const fits = 'ü'.repeat((JSON_BYTES_MAX - 2) / 2);
    expect(() => lanes.send('x', `${fits}ü`)).toThrow(RangeError);
    expect(() => lanes.send('x', new Uint8Array(BYTES_MAX + 1))).toThrow(RangeError);
    expect(() => lanes.send('x'.repeat(65), 1)).toThrow(RangeError);
    expect(() => lanes.send('', 1)).toThrow(RangeError);
    expect(sent()).toBe(before);
    expect(lanes.send('x', fits)).toBe(true);
    expect(lanes.send('x'.repeat(64), new Uint8Array(BYTES_MAX))).toBe(true);
    expect(lanes.send('x', undefined)).toBe(true);
    expect(sent()).toBe(before + 3);
  });

  it('what the browser refuses to put on a channel goes by signalling, or, where it may be lost, is said to be', () => {
    attach();
    lanes.send('x', 0);
    open();
    for (const refusing of connection.channels) {
      refusing.send = () => {
        throw new TypeError('larger than the peer takes');
      };
    }
    expect(lanes.send('x', 'by the other way')).toBe(true);
    expect(channel.sent.at(-1)).toEqual({ cmd: 'data', topic: 'x', data: 'by the other way' });
    expect(lanes.send('x', 'lost', { lossy: true })).toBe(false);
    expect(channel.sent).toHaveLength(2);
  });

  it('of bytes goes as bytes where there is a channel, and in JSON where there is none', () => {
    attach();
    lanes.send('x', Uint8Array.of(1, 2), { to: 'bo' });
    expect(channel.sent).toEqual([{ cmd: 'data', topic: 'x', data: { $bytes: 'AQI=' }, remoteUid: 'bo' }]);
    open();
    lanes.send('x', Uint8Array.of(1, 2), { to: 'bo' });
    lanes.send('x', Uint8Array.of(3), { lossy: true });
    expect(lane('data').sent).toEqual([Uint8Array.of(2, 0x62, 0x6f, 1, 0x78, 1, 2)]);
    expect(lane('data-lossy').sent).toEqual([Uint8Array.of(0, 1, 0x78, 3)]);
  });

  it('goes by signalling again when a channel has ended', () => {
    attach();
    lanes.send('x', 1);
    open();
    lane('data').readyState = 'closed';
    lanes.send('x', 2);
    expect(channel.sent).toHaveLength(2);
  });

  it('says so when too much waits', () => {
    attach();
    lanes.send('x', 1);
    open();
    lane('data-lossy').bufferedAmount = LOSSY_BUFFERED_BYTES_MAX;
    lane('data').bufferedAmount = BUFFERED_BYTES_MAX;
    expect([lanes.send('x', 2, { lossy: true }), lanes.send('x', 2)]).toEqual([true, true]);
    lane('data-lossy').bufferedAmount++;
    lane('data').bufferedAmount++;
    expect([lanes.send('x', 3, { lossy: true }), lanes.send('x', 3)]).toEqual([false, false]);
    expect([lane('data-lossy').sent.length, lane('data').sent.length]).toEqual([1, 1]);
  });
});

describe('listening', () => {
  it('hears its topic by either way, until it stops', () => {
    const stop = lanes.listen('pointer', (data, uid) => heard.push([data, uid]));
    attach();
    lanes.receive({ cmd: 'data', uid: 'bo', topic: 'pointer', data: 1 });
    lanes.receive({ cmd: 'data', uid: 'bo', topic: 'other', data: 2 });
    lane('data').hear('{"uid":"cy","topic":"pointer","data":3}');
    lane('data-lossy').hear('{"uid":7,"topic":"pointer"}');
    expect(heard).toEqual([[1, 'bo'], [3, 'cy'], [undefined, '7']]);
    stop();
    lane('data').hear('{"uid":"cy","topic":"pointer","data":3}');
    expect(heard).toHaveLength(3);
  });

  it('hears bytes as bytes by either way', () => {
    lanes.listen('x', (data, uid) => heard.push([data, uid]));
    attach();
    lanes.receive({ cmd: 'data', uid: 'bo', topic: 'x', data: { $bytes: 'AQI=' } });
    lane('data').hear(Uint8Array.of(2, 0x63, 0x79, 1, 0x78, 3).buffer);
    lane('data').hear('{"uid":"cy","topic":"x","data":{"$bytes":"BA=="}}');
    expect(heard).toEqual([[Uint8Array.of(1, 2), 'bo'], [Uint8Array.of(3), 'cy'], [Uint8Array.of(4), 'cy']]);
    expect(lane('data').binaryType).toBe('arraybuffer');
  });

  it('passes over what it cannot read', () => {
    lanes.listen('', (data) => heard.push(data));
    attach();
    for (const said of ['', '[]', '{"topic":""}', 'null', new ArrayBuffer(4)]) lane('data').hear(said);
    expect(heard).toEqual([]);
  });

  it('opens channels on every connection that follows', () => {
    lanes.listen('x', (data) => heard.push(data));
    attach();
    attach();
    const former = connection;
    expect(former.channels).toHaveLength(2);
    connection = new FakeConnection();
    attach();
    expect(connection.channels).toHaveLength(2);
    lanes.attach(undefined);
    lanes.send('x', 1);
    expect(channel.sent).toHaveLength(1);
  });
});
