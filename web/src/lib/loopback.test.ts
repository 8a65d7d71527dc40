import { expect, it } from 'vitest';
import { LoopbackChannel } from './loopback';
import type { IceGrant } from './ice-servers';
import { parseUrlParameters } from './url-parameters';

it.each(['come', 'fail to come'])('that is left before its ICE servers %s makes no connection and reports nothing', async (how) => {
  let connections = 0;
  const events: string[] = [];
  let answer: () => void = () => {};
  const grant = new Promise<IceGrant>((resolve, reject) => {
    answer = () => (how === 'come' ? resolve({ servers: [], lifetimeMs: Infinity }) : reject(new Error('out of reach')));
  });
  const channel = new LoopbackChannel({
    roomId: '100',
    echoName: 'Echo',
    parameters: parseUrlParameters('?debug=loopback'),
    createConnection: () => {
      connections++;
      throw new Error('no connection is wanted');
    },
    fetchIceServers: () => grant,
    now: () => 0,
  });
  channel.onEvent = (event) => events.push(event.kind);
  const opening = channel.open();
  channel.close();
  answer();
  await expect(opening).rejects.toMatchObject({ code: 0 });
  expect(channel.state.value).toBe('closed');
  expect(connections).toBe(0);
  expect(events).toEqual([]);
});
