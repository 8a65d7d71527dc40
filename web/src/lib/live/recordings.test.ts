import { expect, it, vi } from 'vitest';
import { RecordingsApi } from './recordings';

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

it('a recording is deleted; a refusal is told by its code', async () => {
  const { ask, api: made } = api(new Response(null, { status: 204 }), new Response('{"code":"still-recording"}', { status: 409 }));
  await made.remove(7);
  expect([ask.mock.calls[0]?.[0], ask.mock.calls[0]?.[1]?.method]).toEqual(['/api/v1/recordings/7', 'DELETE']);
  await expect(made.remove(7)).rejects.toMatchObject({ code: 'still-recording' });
});
