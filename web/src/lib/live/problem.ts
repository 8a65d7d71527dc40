/** Why the server does not do what it was asked for a stream: the `code` of its answer (docs/live.md, "Errors"). */
export class LiveProblem extends Error {
  constructor(
    /** `no-answer` when nothing came back. */
    readonly code: string,
    readonly retryAfterSeconds = 0,
  ) {
    super(code);
    this.name = 'LiveProblem';
  }

  /** Another token is needed, or none will do. */
  get isAboutAccess(): boolean {
    return ['token-needed', 'token-refused', 'switched-off', 'other-stream', 'not-granted'].includes(this.code);
  }
}

/** Asks, and turns whatever is no success into a {@link LiveProblem}. An abort stays what it is. */
export async function askServer(ask: typeof fetch, url: string, request: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await ask(url, { cache: 'no-store', ...request });
  } catch {
    request.signal?.throwIfAborted();
    throw new LiveProblem('no-answer');
  }
  if (response.ok) return response;
  const told = (await response.json().catch(() => undefined)) as { code?: unknown } | undefined;
  throw new LiveProblem(typeof told?.code === 'string' ? told.code : `http-${response.status}`, Number(response.headers.get('retry-after') ?? 0));
}

/** The header that carries a token. */
export function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
