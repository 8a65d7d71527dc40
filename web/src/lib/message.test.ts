import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { iceServers, parseServerMessage } from './message';

const contract = readFileSync(new URL('../../../docs/signalling.md', import.meta.url), 'utf8');
const samples = [...contract.matchAll(/```json to-client\n([\s\S]*?)\n```/g)].map((match) => match[1] ?? '');
/** Only the dialect of the course has it; our joiners get a roster. */
const OTHERS = ['resp-join'];

describe('the samples of the contract', () => {
  it.each(samples.filter((sample) => !OTHERS.includes((JSON.parse(sample) as { cmd: string }).cmd)))('are read: %s', (sample) => {
    const sent = JSON.parse(sample) as { cmd: string };
    expect(parseServerMessage(sample)).toMatchObject({ cmd: sent.cmd });
  });

  it('of a join are read to the last field', () => {
    expect(samples.length).toBeGreaterThan(10);
    const sample = samples.find((one) => one.includes('"cmd":"joined"')) ?? '';
    expect(parseServerMessage(sample)).toMatchObject({
      self: { uid: 'k3j9x0a1b2', name: 'Ana' },
      roster: [{ uid: 'zz81', name: 'Bo', v: 2, connection: 'online', state: { audio: true, video: false, screen: false } }],
      iceServers: [{ username: '1790000000:k3', credential: 'c2VjcmV0' }, { urls: ['stun:192.0.2.1:3478'] }],
      resume: expect.stringMatching(/./),
      resumed: false,
      chatBytesMax: 4096,
      heartbeatSeconds: 25,
    });
  });
});

describe('a message from the wire', () => {
  it('that sets the length of chat texts to 0 sets no limit', () => {
    const frame = '{"cmd":"joined","roomId":"r","self":{"uid":"a"},"limits":{"chatBytes":0}}';
    expect(parseServerMessage(frame)).toMatchObject({ chatBytesMax: Infinity });
  });

  it('with a number for an id is read as the text of it', () => {
    expect(parseServerMessage('{"cmd":"peer-leave","remoteUid":100}')).toEqual({ cmd: 'peer-leave', remoteUid: '100' });
  });

  it('of a member of dialect A has no state', () => {
    expect(parseServerMessage('{"cmd":"new-peer","remoteUid":"a"}')).toEqual({ cmd: 'new-peer', remoteUid: 'a', name: '', v: 1, state: undefined });
  });

  it.each(['', '7', '"x"', 'null', '[]', '{', '{}', '{"cmd":7}', '{"cmd":"joined","self":7}', '{"cmd":"joined","self":{"uid":"a"}}', '{"cmd":"chat","uid":"a","text":7}', '{"cmd":"offer"}', '{"cmd":"peer-state"}'])('like %s is none', (frame) => {
    expect(parseServerMessage(frame)).toBeUndefined();
  });
});

describe('ICE servers', () => {
  it('without addresses are left out, single addresses become lists', () => {
    expect(iceServers([{ urls: 'stun:a' }, { urls: [] }, { urls: [7] }, {}, null, { urls: ['turn:b'], username: 'u', credential: 'c', more: 1 }])).toEqual([
      { urls: ['stun:a'] },
      { urls: ['turn:b'], username: 'u', credential: 'c' },
    ]);
  });

  it.each([undefined, null, 7, 'x', {}])('of %j are none', (value) => {
    expect(iceServers(value)).toEqual([]);
  });
});
