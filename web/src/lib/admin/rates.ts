/** From counters to what a chart shows: the difference of two samples, by the time between them. */
import type { FlowStats, LayerStats, MemberStats, RoomStats, ServerStats, SlotStats, Source, TrackStats, WorkerReport } from './report';

type Samples<T> = ReadonlyArray<T | undefined>;
export type Values = ReadonlyArray<number | undefined>;

/** How fast a counter has grown between neighbours; undefined at gaps, and where it began anew. */
export function perSecond<T extends { at: number }>(samples: Samples<T>, counter: (sample: T) => number | undefined): Values {
  return samples.slice(1).map((sample, before) => {
    const previous = samples[before];
    if (!sample || !previous) return undefined;
    const [from, to, seconds] = [counter(previous), counter(sample), (sample.at - previous.at) / 1000];
    if (from === undefined || to === undefined || to < from || seconds <= 0) return undefined;
    return (to - from) / seconds;
  });
}

/** By how much a counter has grown between neighbours. */
export function growth<T>(samples: Samples<T>, counter: (sample: T) => number | undefined): Values {
  return samples.slice(1).map((sample, before) => {
    const previous = samples[before];
    if (!sample || !previous) return undefined;
    const [from, to] = [counter(previous), counter(sample)];
    return from === undefined || to === undefined || to < from ? undefined : to - from;
  });
}

/** A value as it was told; aligned with the rates, which have one less. */
export function told<T>(samples: Samples<T>, value: (sample: T) => number | null | undefined): Values {
  return samples.slice(1).map((sample) => (sample ? (value(sample) ?? undefined) : undefined));
}

/** The sums of a server leave out workers that are late: its rates are not known then. */
export function complete(sample: ServerStats | undefined): ServerStats | undefined {
  return sample?.workers.some((worker) => worker.late) ? undefined : sample;
}

export function dropped(sample: ServerStats): number {
  return Object.values(sample.drops).reduce((sum, count) => sum + count, 0);
}

/** The share of a processor that a worker takes, in percent. */
export function cpuPercent(samples: Samples<ServerStats>, worker: number): Values {
  return perSecond(samples, (sample) => workerOf(sample, worker)?.cpuMs).map((ms) => (ms === undefined ? undefined : ms / 10));
}

export interface CpuLine {
  /** Undefined: the mean of all workers. */
  worker: number | undefined;
  values: Values;
}

/** One line for each worker while they can be told apart; beyond, the busiest and the mean. */
export function cpuLines(samples: Samples<ServerStats>, linesMax: number): CpuLine[] {
  const workers = samples.findLast((sample) => sample !== undefined)?.workers ?? [];
  const lines = workers.map(({ worker }) => ({ worker, values: cpuPercent(samples, worker) }));
  if (lines.length <= linesMax) return lines;
  const recent = (values: Values) => values.findLast((value) => value !== undefined) ?? 0;
  const busiest = lines.reduce((most, line) => (recent(line.values) > recent(most.values) ? line : most));
  const mean = busiest.values.map((_, place) => {
    const known = lines.map((line) => line.values[place]).filter((value) => value !== undefined);
    return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
  return [busiest, { worker: undefined, values: mean }];
}

export function workerOf(sample: ServerStats, worker: number): WorkerReport | undefined {
  return sample.workers.find((one) => one.worker === worker);
}

/** A member's media through time. */
export function flowsOf(samples: Samples<RoomStats>, uid: string): Samples<FlowStats & { at: number }> {
  return samples.map((sample) => {
    const flow = sample && memberOf(sample, uid)?.media?.flow;
    return flow ? { ...flow, at: sample.at } : undefined;
  });
}

function memberOf(sample: RoomStats, uid: string): MemberStats | undefined {
  return sample.members.find((member) => member.uid === uid);
}

export function trackOf(flow: FlowStats, source: Source): TrackStats | undefined {
  return flow.tracks.find((track) => track.source === source);
}

export function layerOf(flow: FlowStats, source: Source, rid: string | null): LayerStats | undefined {
  return trackOf(flow, source)?.layers.find((layer) => layer.rid === rid);
}

export function slotOf(flow: FlowStats, mid: string): SlotStats | undefined {
  return flow.slots.find((slot) => slot.mid === mid);
}

/** Bits a second from a counter of bytes. */
export function bitsPerSecond<T extends { at: number }>(samples: Samples<T>, bytes: (sample: T) => number | undefined): Values {
  return perSecond(samples, bytes).map((rate) => (rate === undefined ? undefined : rate * 8));
}

/** The standstills of all pictures that a member watches. */
export function standstills(flow: FlowStats): number {
  return flow.slots.reduce((sum, slot) => sum + (slot.standstills?.count ?? 0), 0);
}

/** The last value that is known, of the few last ones. */
export function recent(values: Values): number | undefined {
  return values.slice(-3).findLast((value) => value !== undefined);
}
