import { describe, expect, it } from 'vitest';
import { complete, cpuLines, flowsOf, growth, perSecond, recent, standstills, told } from './rates';
import type { FlowStats, RoomStats, ServerStats } from './report';

const sample = (at: number, count: number) => ({ at, count });

describe('rates', () => {
  it('are differences by the time between the samples', () => {
    expect(perSecond([sample(0, 10), sample(2000, 30), sample(3000, 30)], (one) => one.count)).toEqual([10, 0]);
  });

  it('are not known beside a gap, and where a counter began anew', () => {
    expect(perSecond([sample(0, 10), undefined, sample(2000, 20), sample(3000, 5), sample(4000, 6)], (one) => one.count)).toEqual([undefined, undefined, undefined, 1]);
    expect(perSecond([sample(5, 1), sample(5, 2)], (one) => one.count)).toEqual([undefined]);
  });

  it('stand beside values and growth of the same samples', () => {
    const samples = [sample(0, 1), sample(1000, 4), undefined];
    expect(told(samples, (one) => one.count)).toEqual([4, undefined]);
    expect(growth(samples, (one) => one.count)).toEqual([3, undefined]);
  });

  it('the most recent one is not an old one', () => {
    expect(recent([7, undefined, undefined])).toBe(7);
    expect(recent([7, undefined, undefined, undefined])).toBeUndefined();
  });
});

function server(at: number, cpuMs: readonly (number | undefined)[]): ServerStats {
  const workers = cpuMs.map((cpu, worker) => (cpu === undefined ? { worker, late: true, queued: 9 } : { worker, late: false, queued: 0, cpuMs: cpu }));
  return { at, workers } as unknown as ServerStats;
}

describe('processors', () => {
  it('have a line each while there are few', () => {
    const lines = cpuLines([server(0, [0, 0]), server(1000, [500, 100])], 4);
    expect(lines).toEqual([{ worker: 0, values: [50] }, { worker: 1, values: [10] }]);
  });

  it('are the busiest and the mean when there are many', () => {
    const lines = cpuLines([server(0, [0, 0, 0]), server(1000, [300, 900, 0])], 2);
    expect(lines).toEqual([{ worker: 1, values: [90] }, { worker: undefined, values: [40] }]);
  });

  it('of a late worker are not known, and the sums neither', () => {
    const late = server(1000, [500, undefined]);
    expect(cpuLines([server(0, [0, 0]), late], 4)[1]).toEqual({ worker: 1, values: [undefined] });
    expect(complete(late)).toBeUndefined();
    expect(complete(server(0, [1]))).toBeDefined();
  });
});

describe('members', () => {
  const flow = (bytesOut: number) => ({ bytesOut, slots: [{ standstills: { count: 2 } }, { standstills: null }] }) as unknown as FlowStats;
  const room = (at: number, uid: string, media: unknown) => ({ at, members: [{ uid, media }] }) as unknown as RoomStats;

  it('are followed through the samples, with gaps where they were not connected', () => {
    const flows = flowsOf([room(0, 'ana', { flow: flow(0) }), room(1000, 'ana', { flow: flow(50) }), room(2000, 'ana', null), room(3000, 'bo', { flow: flow(1) })], 'ana');
    expect(perSecond(flows, (one) => one.bytesOut)).toEqual([50, undefined, undefined]);
  });

  it('have the standstills of all pictures that they watch', () => {
    expect(standstills(flow(0))).toBe(2);
  });
});
