/** What the statistics API answers: see docs/http-api.md and /api/v1/openapi.json, which the server's tests hold to it. */

export interface Flow {
  packets: number;
  bytes: number;
}

export interface WorkerReport {
  worker: number;
  /** It did not answer in time, and has none of the others. */
  late: boolean;
  queued: number;
  cpuMs?: number;
  wakeUps?: number;
  rooms?: number;
  members?: number;
  connections?: number;
  allocations?: number;
  datagramsIn?: number;
  datagramsOut?: number;
  mediaIn?: Flow;
  mediaOut?: Flow;
}

export interface ServerStats {
  version: string;
  /** Milliseconds since 1970, as `startedAt`. */
  at: number;
  startedAt: number;
  uptimeMs: number;
  rooms: number;
  members: number;
  reconnecting: number;
  webSockets: number;
  media: { rooms: number; connections: number; tracks: number; liveSlots: number; offersAnswered: number; offersRefused: number; disconnects: number; resentPackets: number; nackedPackets: number; keyFrameRequests: number; packetsInTrains: number };
  relays: { allocations: number; allocationsMade: number; bindings: number; challenges: number; rejects: number; streams: number };
  traffic: { mediaIn: Flow; mediaOut: Flow; relayToPeers: Flow; relayToClients: Flow };
  drops: Readonly<Record<string, number>>;
  workers: readonly WorkerReport[];
}

export interface RoomSummary {
  roomId: string;
  name: string;
  mode: 'p2p' | 'sfu';
  members: number;
  waiting: number;
  startedAt: number;
}

export interface RoomList {
  rooms: readonly RoomSummary[];
  next: string | null;
}

export const SOURCES = ['microphone', 'camera', 'screen', 'screen-audio'] as const;
export type Source = (typeof SOURCES)[number];

export interface Standstills {
  count: number;
  totalMs: number;
  longestMs: number;
}

export interface LayerStats {
  rid: string | null;
  active: boolean;
  bps: number;
  width: number | null;
  height: number | null;
  packets: number;
  bytes: number;
  pictures: number;
  keyFrames: number;
  nackedPackets: number;
  keyFrameRequests: number;
  viewers: number;
}

export interface TrackStats {
  source: Source;
  kind: 'audio' | 'video';
  codec: string | null;
  muted: boolean;
  standstills: Standstills | null;
  layers: readonly LayerStats[];
}

export interface SlotStats {
  mid: string;
  kind: 'audio' | 'video';
  uid: string | null;
  source: Source | null;
  state: 'live' | 'paused' | 'waiting';
  reason: 'bandwidth' | 'muted' | 'no-track' | 'no-codec' | 'wish' | null;
  layer: string | null;
  width: number;
  height: number;
  packets: number;
  bytes: number;
  resentPackets: number;
  nackedPackets: number;
  keyFrameRequests: number;
  lossPercent: number;
  standstills: Standstills | null;
}

export interface FlowStats {
  silentMs: number;
  roundTripMs: number | null;
  lossInPercent: number;
  lossOutPercent: number;
  estimateBps: number;
  wantedBps: number;
  grantedBps: number;
  queuedBytes: number;
  queueDrops: number;
  quality: number;
  qualityReason: 'loss' | 'delay' | 'bandwidth' | null;
  packetsIn: number;
  bytesIn: number;
  packetsOut: number;
  bytesOut: number;
  resentPackets: number;
  probeBytes: number;
  tracks: readonly TrackStats[];
  slots: readonly SlotStats[];
}

export interface ConnectionStats {
  worker: number;
  state: 'connecting' | 'connected';
  transport: 'udp' | 'tcp' | null;
  network: string | null;
  refusedPackets: number;
  flow: FlowStats | null;
}

export interface MemberStats {
  uid: string;
  name: string;
  role: string;
  connection: 'online' | 'reconnecting';
  muted: readonly Source[];
  media: ConnectionStats | null;
}

export interface RoomStats {
  roomId: string;
  name: string;
  mode: 'p2p' | 'sfu';
  at: number;
  startedAt: number;
  memberCount: number;
  waiting: number;
  lateWorkers: readonly number[];
  members: readonly MemberStats[];
  next: string | null;
}

/** What one client has of the relay. */
export interface AllocationSummary {
  id: string;
  user: string;
  client: string;
  transport: 'udp' | 'tcp' | 'tls';
  relayed: readonly string[];
  startedAt: number;
  expiresInMs: number;
  permissions: number;
  channels: number;
  toPeers: Flow;
  toClient: Flow;
}

export interface AllocationList {
  allocations: readonly AllocationSummary[];
  next: string | null;
}
