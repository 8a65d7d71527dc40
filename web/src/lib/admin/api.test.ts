import { describe, expect, it } from 'vitest';
import { AdminApi, ApiProblem } from './api';

interface Asked {
  path: string;
  method: string | undefined;
  authorization: string | undefined;
  body: unknown;
}

/** An API whose server answers the same to everything, and what it was asked. */
function against(answer: Response | Error): { api: AdminApi; asked: Asked[] } {
  const asked: Asked[] = [];
  const ask = (input: RequestInfo | URL, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    asked.push({ path: String(input), method: init?.method, authorization: headers.get('authorization') ?? undefined, body: init?.body });
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { api: new AdminApi('secret', ask), asked };
}

const problem = (status: number, code: string, headers: Record<string, string> = {}) => new Response(JSON.stringify({ code }), { status, headers });

describe('the API', () => {
  it('gets the token in the header and nowhere else', async () => {
    const { api, asked } = against(new Response('{"rooms":[],"next":null}'));
    await api.rooms('a/b');
    expect(asked).toEqual([{ path: '/api/v1/rooms?limit=50&after=a%2Fb', method: 'GET', authorization: 'Bearer secret', body: undefined }]);
  });

  it('is told what to do to whom', async () => {
    const { api, asked } = against(new Response(null, { status: 204 }));
    await api.mute('r/1', 'camera', 'bo');
    await api.mute('r', 'microphone');
    await api.remove('r', 'b o', true);
    await api.end('r');
    await api.endAllocation('0-1-2');
    expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/api/v1/rooms/r%2F1/mute', '{"uid":"bo","source":"camera"}'],
      ['POST', '/api/v1/rooms/r/mute', '{"source":"microphone"}'],
      ['DELETE', '/api/v1/rooms/r/members/b%20o?ban=true', undefined],
      ['DELETE', '/api/v1/rooms/r', undefined],
      ['DELETE', '/api/v1/turn/allocations/0-1-2', undefined],
    ]);
  });

  it.each([
    [problem(401, 'token-refused'), 'token-refused', true, 0],
    [problem(429, 'too-many-requests', { 'retry-after': '4' }), 'too-many-requests', false, 4],
    [new Response('<html>', { status: 502 }), 'no-answer', false, 0],
    [new TypeError('offline'), 'no-answer', false, 0],
  ])('says why not', async (answer, code, isAboutToken, retryAfterSeconds) => {
    const error = await against(answer).api.server().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiProblem);
    expect(error).toMatchObject({ code, isAboutToken, retryAfterSeconds });
  });
});
