/** What was recorded, as the server tells it (docs/http-api.md, "Recordings"). */
import { askServer, bearer } from './problem';
import type { StreamName } from './stream-name';

export interface RecordingReport extends StreamName {
  id: number;
  state: 'recording' | 'finished' | 'interrupted';
  /** Why it is `interrupted`. */
  reason: string | null;
  /** Milliseconds since 1970. */
  startedAt: number;
  durationMs: number;
  bytes: number;
  /** How often pictures are missing. */
  gaps: number;
  format: string;
  video: { codec: string; width: number; height: number } | null;
  /** Of which recording of a room it is a part. */
  part: RecordingPart | null;
  /** Opens the file for half a day, without a token. */
  url: string;
}

export interface RecordingPart {
  take: number;
  room: string;
  /** Milliseconds since 1970. */
  takeStartedAt: number;
  uid: string;
  /** What the member was called. */
  name: string;
  source: 'camera' | 'screen';
  /** From the beginning of the recording of the room. */
  offsetMs: number | null;
}

/** A recording of a room, as far as its parts are listed. */
export interface Take {
  id: number;
  room: string;
  startedAt: number;
  /** From its beginning to the end of the last part. */
  durationMs: number;
  /** In the order in which they began. */
  parts: RecordingReport[];
}

export interface RecordingList {
  recordings: RecordingReport[];
  /** What to send as `after`; `null` at the end. */
  next: number | null;
}

/** What belongs together in one place: where the youngest of it was. */
export function together(rows: readonly RecordingReport[]): (RecordingReport | Take)[] {
  const takes = new Map<number, Take>();
  const places: (RecordingReport | Take)[] = [];
  for (const row of rows) {
    if (!row.part) {
      places.push(row);
      continue;
    }
    let take = takes.get(row.part.take);
    if (!take) {
      take = { id: row.part.take, room: row.part.room, startedAt: row.part.takeStartedAt, durationMs: 0, parts: [] };
      takes.set(take.id, take);
      places.push(take);
    }
    take.parts.unshift(row);
    take.durationMs = Math.max(take.durationMs, (row.part.offsetMs ?? 0) + row.durationMs);
  }
  return places;
}

const PATH = '/api/v1/recordings';

export class RecordingsApi {
  constructor(
    private readonly token: string | undefined,
    private readonly ask: typeof fetch = (...request) => fetch(...request),
  ) {}

  /** The youngest first. */
  async list(after: number | null, signal?: AbortSignal): Promise<RecordingList> {
    const query = after === null ? '' : `?after=${after}`;
    const response = await askServer(this.ask, `${PATH}${query}`, { headers: bearer(this.token), ...(signal && { signal }) });
    return response.json() as Promise<RecordingList>;
  }

  /** The youngest recording of a stream. */
  async youngest({ app, stream }: StreamName, signal?: AbortSignal): Promise<RecordingReport | undefined> {
    const query = new URLSearchParams({ app, stream, limit: '1' });
    const response = await askServer(this.ask, `${PATH}?${query}`, { headers: bearer(this.token), ...(signal && { signal }) });
    return ((await response.json()) as RecordingList).recordings[0];
  }

  /** Records a stream that is on air. It is in the list about a second later. */
  start(name: StreamName): Promise<void> {
    return this.post('start', name);
  }

  stop(name: StreamName): Promise<void> {
    return this.post('stop', name);
  }

  async remove(id: number): Promise<void> {
    await askServer(this.ask, `${PATH}/${id}`, { method: 'DELETE', headers: bearer(this.token) });
  }

  private async post(what: 'start' | 'stop', { app, stream }: StreamName): Promise<void> {
    const headers = { ...bearer(this.token), 'content-type': 'application/json' };
    await askServer(this.ask, `${PATH}/${what}`, { method: 'POST', headers, body: JSON.stringify({ app, stream }) });
  }
}
