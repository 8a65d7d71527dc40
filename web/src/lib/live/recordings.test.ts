import { expect, it, vi } from 'vitest';
import { RecordingsApi, together, type RecordingReport } from './recordings';

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

it('the youngest recording of a stream is asked for by its name; a stream without one has none', async () => {
  const { ask, api: made } = api(json({ recordings: [{ id: 9 }], next: 9 }), json({ recordings: [], next: null }));
  expect((await made.youngest({ app: 'class/1', stream: 'a&b' }))?.id).toBe(9);
  expect(await made.youngest({ app: 'live', stream: 'x' })).toBeUndefined();
  expect(ask.mock.calls[0]?.[0]).toBe('/api/v1/recordings?app=class%2F1&stream=a%26b&limit=1');
});

it('a recording is started and stopped by the name of the stream alone', async () => {
  const { ask, api: made } = api(new Response(null, { status: 204 }), new Response('{"code":"disk-full"}', { status: 507 }));
  const name = { app: 'live', stream: 'lesson', more: 1 };
  await made.start(name);
  expect([ask.mock.calls[0]?.[0], ask.mock.calls[0]?.[1]?.method, ask.mock.calls[0]?.[1]?.body]).toEqual(['/api/v1/recordings/start', 'POST', '{"app":"live","stream":"lesson"}']);
  await expect(made.stop(name)).rejects.toMatchObject({ code: 'disk-full' });
  expect(ask.mock.calls[1]?.[0]).toBe('/api/v1/recordings/stop');
});

it('parts of one recording of a room come together where the youngest was, in the order in which they began', () => {
  const row = (id: number, take: number | null, offsetMs = 0) => {
    const part = take === null ? null : { take, room: 'standup', takeStartedAt: 1000, uid: `u${id}`, name: '', source: 'camera', offsetMs };
    return { id, durationMs: 100, part } as RecordingReport;
  };
  const places = together([row(6, 2), row(5, null), row(4, 1, 250), row(3, 2, 70), row(2, 1, 30), row(1, null)]);
  expect(places.map((place) => ('parts' in place ? place.parts.map(({ id }) => id) : place.id))).toEqual([[3, 6], 5, [2, 4], 1]);
  expect(places[2]).toMatchObject({ room: 'standup', startedAt: 1000, durationMs: 350 });
});
