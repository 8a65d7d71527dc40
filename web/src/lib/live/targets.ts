/** Where a stream is forwarded to, as the server tells it (docs/http-api.md, "Targets of streams"). */
import { askServer, bearer } from './problem';
import { escaped, type StreamName } from './stream-name';

export interface TargetReport {
  id: string;
  /** Up to the application: the key is never told. */
  url: string;
  /** Only what was requested can be removed. */
  source: 'settings' | 'hook' | 'request';
  state: 'off-air' | 'connecting' | 'on-air' | 'retrying';
  /** Why it is tried again. */
  reason: string | null;
}

export class TargetsApi {
  constructor(
    private readonly token: string | undefined,
    private readonly ask: typeof fetch = (...request) => fetch(...request),
  ) {}

  async list(name: StreamName, signal?: AbortSignal): Promise<TargetReport[]> {
    const response = await askServer(this.ask, pathOf(name), { headers: bearer(this.token), ...(signal && { signal }) });
    return ((await response.json()) as { targets: TargetReport[] }).targets;
  }

  /** Forwards the stream there whenever it is on air. */
  async add(name: StreamName, url: string, key: string): Promise<TargetReport> {
    const headers = { ...bearer(this.token), 'content-type': 'application/json' };
    const response = await askServer(this.ask, pathOf(name), { method: 'POST', headers, body: JSON.stringify({ url, key }) });
    return response.json() as Promise<TargetReport>;
  }

  async remove(name: StreamName, id: string): Promise<void> {
    await askServer(this.ask, `${pathOf(name)}/${encodeURIComponent(id)}`, { method: 'DELETE', headers: bearer(this.token) });
  }
}

function pathOf(name: StreamName): string {
  return `/api/v1/live/streams/${escaped(name)}/targets`;
}
