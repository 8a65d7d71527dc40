import { expect, it, vi } from 'vitest';
import { TargetsApi } from './targets';

function api(...answers: Response[]) {
  const ask = vi.fn<typeof fetch>();
  for (const answer of answers) ask.mockResolvedValueOnce(answer);
  return { ask, api: new TargetsApi('key', ask) };
}

const NAME = { app: 'class/1', stream: 'a&b' };
const PATH = '/api/v1/live/streams/class/1/a%26b/targets';

it('targets are listed, added and removed by the name of the stream, with the token', async () => {
  const target = { id: '3', url: 'rtmp://h/app', source: 'request', state: 'connecting', reason: null };
  const { ask, api: made } = api(new Response(JSON.stringify({ targets: [target] })), new Response(JSON.stringify(target), { status: 201 }), new Response(null, { status: 204 }));
  expect(await made.list(NAME)).toEqual([target]);
  expect(await made.add(NAME, 'rtmp://h/app', 'secret')).toEqual(target);
  await made.remove(NAME, '3');
  expect(ask.mock.calls.map(([url, request]) => [request?.method ?? 'GET', url])).toEqual([
    ['GET', PATH],
    ['POST', PATH],
    ['DELETE', `${PATH}/3`],
  ]);
  expect(ask.mock.calls[1]?.[1]?.body).toBe('{"url":"rtmp://h/app","key":"secret"}');
  expect(ask.mock.calls[0]?.[1]?.headers).toEqual({ authorization: 'Bearer key' });
});

it('a refusal is told by its code', async () => {
  const { api: made } = api(new Response('{"code":"private-address"}', { status: 403 }));
  await expect(made.add(NAME, 'rtmp://10.0.0.1/app', '')).rejects.toMatchObject({ code: 'private-address' });
});
