import { expect, it, vi } from 'vitest';
import { RecordingsApi } from './recordings';

const NAME = { app: 'school/7b', stream: 'lesson' };

function api(...answers: Response[]) {
  const ask = vi.fn<typeof fetch>();
  for (const answer of answers) ask.mockResolvedValueOnce(answer);
  return { ask, api: new RecordingsApi('key', ask) };
}

const json = (value: unknown) => new Response(JSON.stringify(value));

it('the list is asked for page by page, with the token', async () => {
  const { ask, api: made } = api(json({ recordings: [], next: 7 }), json({ recordings: [], next: null }));
  expect((await made.list(null)).next).toBe(7);
  await made.list(7);
  expect(ask.mock.calls.map(([url]) => url)).toEqual(['/api/v1/recordings', '/api/v1/recordings?after=7']);
  expect(ask.mock.calls[0]?.[1]?.headers).toEqual({ authorization: 'Bearer key' });
});

it('a stream is recorded while there is a recording of it that has not ended', async () => {
  const { ask, api: made } = api(json({ recordings: [{}], next: null }), json({ recordings: [], next: null }));
  expect([await made.isRecording(NAME), await made.isRecording(NAME)]).toEqual([true, false]);
  expect(ask.mock.calls[0]?.[0]).toBe('/api/v1/recordings?app=school%2F7b&stream=lesson&state=recording');
});

it('a recording begins, ends and is deleted; a refusal is told by its code', async () => {
  const none = () => new Response(null, { status: 204 });
  const { ask, api: made } = api(none(), none(), none(), new Response('{"code":"still-recording"}', { status: 409 }));
  await made.record(NAME, true);
  await made.record(NAME, false);
  await made.remove(7);
  expect(ask.mock.calls.map(([url, request]) => [request?.method, url, request?.body])).toEqual([
    ['POST', '/api/v1/recordings/start', '{"app":"school/7b","stream":"lesson"}'],
    ['POST', '/api/v1/recordings/stop', '{"app":"school/7b","stream":"lesson"}'],
    ['DELETE', '/api/v1/recordings/7', undefined],
  ]);
  await expect(made.remove(7)).rejects.toMatchObject({ code: 'still-recording' });
});
