/** What is on air, as the server tells it (docs/http-api.md). */
import { escaped, type StreamName } from './stream-name';
import { askServer, bearer } from './problem';

export interface StreamReport extends StreamName {
  /** Milliseconds since 1970. */
  since: number;
  /** What the publisher speaks. */
  protocol: string;
  video: { codec: string; width: number; height: number } | null;
  audio: { codec: string; sampleRateHz: number; channels: number } | null;
  /** By all protocols. */
  viewers: number;
}

export interface StreamList {
  streams: StreamReport[];
  /** What to send as `after`; `null` at the end. */
  next: string | null;
}

/** What publishing or playing asks of everybody. */
export type Need = 'open' | 'token' | 'off';

export interface LiveInfo {
  rtmpPort: number | null;
  publish: Need;
  play: Need;
  /** Whether other people's pages may show the player. */
  embed: boolean;
}

export class LiveApi {
  constructor(
    private readonly token: string | undefined,
    private readonly ask: typeof fetch = (...request) => fetch(...request),
  ) {}

  list(signal?: AbortSignal): Promise<StreamList> {
    return this.get('/api/v1/live/streams', signal);
  }

  one(name: StreamName, signal?: AbortSignal): Promise<StreamReport> {
    return this.get(`/api/v1/live/streams/${escaped(name)}`, signal);
  }

  async info(signal?: AbortSignal): Promise<LiveInfo> {
    return (await this.get<{ live: LiveInfo }>('/api/v1/info', signal)).live;
  }

  private async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const response = await askServer(this.ask, path, { headers: bearer(this.token), ...(signal && { signal }) });
    return response.json() as Promise<T>;
  }
}
