/** The API of the operator, with its token. */
import type { AllocationList, RoomList, RoomStats, ServerStats, Source } from './report';

/** Why the API does not do what it was asked: its `code`, or `no-answer` when nothing came back. */
export class ApiProblem extends Error {
  constructor(
    readonly code: string,
    readonly retryAfterSeconds = 0,
  ) {
    super(code);
  }

  /** Another token is needed. */
  get isAboutToken(): boolean {
    return ['token-needed', 'token-refused', 'no-keys', 'not-granted', 'other-room'].includes(this.code);
  }
}

/** Members in one look at a room: as many as a page shows. */
const MEMBERS_PER_PAGE = 20;

const ROOMS_PER_PAGE = 50;

const ALLOCATIONS_PER_PAGE = 50;

export class AdminApi {
  constructor(
    private readonly token: string,
    private readonly ask: typeof fetch = (...request) => fetch(...request),
  ) {}

  server(signal?: AbortSignal): Promise<ServerStats> {
    return this.get('stats', signal);
  }

  rooms(after: string | null, signal?: AbortSignal): Promise<RoomList> {
    return this.get(`rooms?limit=${ROOMS_PER_PAGE}${after === null ? '' : `&after=${encodeURIComponent(after)}`}`, signal);
  }

  room(room: string, after: string | null, signal?: AbortSignal): Promise<RoomStats> {
    return this.get(`${pathOf(room)}/stats?limit=${MEMBERS_PER_PAGE}${after === null ? '' : `&after=${encodeURIComponent(after)}`}`, signal);
  }

  /** Mutes one member, or all who are no moderators. */
  async mute(room: string, source: Source, uid?: string): Promise<void> {
    await this.send('POST', `${pathOf(room)}/mute`, undefined, JSON.stringify(uid === undefined ? { source } : { uid, source }));
  }

  async remove(room: string, uid: string, ban: boolean): Promise<void> {
    await this.send('DELETE', `${pathOf(room)}/members/${encodeURIComponent(uid)}?ban=${ban}`);
  }

  async end(room: string): Promise<void> {
    await this.send('DELETE', pathOf(room));
  }

  allocations(after: string | null, signal?: AbortSignal): Promise<AllocationList> {
    return this.get(`turn/allocations?limit=${ALLOCATIONS_PER_PAGE}${after === null ? '' : `&after=${encodeURIComponent(after)}`}`, signal);
  }

  async endAllocation(id: string): Promise<void> {
    await this.send('DELETE', `turn/allocations/${encodeURIComponent(id)}`);
  }

  private async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const response = await this.send('GET', path, signal);
    return response.json() as Promise<T>;
  }

  private async send(method: string, path: string, signal?: AbortSignal, body?: string): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    let response: Response;
    try {
      response = await this.ask(`/api/v1/${path}`, { method, headers, cache: 'no-store', ...(signal && { signal }), ...(body !== undefined && { body }) });
    } catch {
      throw new ApiProblem('no-answer');
    }
    if (response.ok) return response;
    const told = (await response.json().catch(() => undefined)) as { code?: string } | undefined;
    throw new ApiProblem(told?.code ?? 'no-answer', Number(response.headers.get('retry-after') ?? 0));
  }
}

function pathOf(room: string): string {
  return `rooms/${encodeURIComponent(room)}`;
}
