import { describe, expect, it } from 'vitest';
import type { Sample, Stream } from '../../lib/stats';
import { frozenMs, layers, lossPercent, resentKbps, totalKbps, worstLoss } from './stats-series';

const stream = (more: Partial<Stream>): Stream => ({ mid: '1', kind: 'video', rid: undefined, active: true, freezeSeconds: 0, resentKbps: 0, kbps: 0, loss: undefined, jitterMs: undefined, codec: undefined, fps: undefined, width: undefined, height: undefined, ...more });
const sample = (more: Partial<Sample>): Sample => ({
  at: 0,
  path: undefined,
  rttMs: undefined,
  availableKbps: undefined,
  audioIn: undefined,
  audioOut: undefined,
  videoIn: undefined,
  videoOut: undefined,
  screenIn: undefined,
  screenOut: undefined,
  incoming: [],
  outgoing: [],
  freezeSeconds: 0,
  microphoneEnergy: undefined,
  limitedBy: 'none',
  ...more,
});

describe('what the statistics draw', () => {
  it('adds up what flows in one direction', () => {
    expect(totalKbps(sample({ audioIn: stream({ kbps: 30 }), screenIn: stream({ kbps: 400 }), videoOut: stream({ kbps: 9 }) }), 'in')).toBe(430);
    expect(totalKbps(sample({}), 'out')).toBe(0);
  });

  it('takes the worst loss that is known, and none for nothing known', () => {
    expect(worstLoss(sample({ audioIn: stream({ loss: 0.01 }), videoOut: stream({ loss: 0.2 }) }))).toBe(0.2);
    expect(lossPercent([sample({}), sample({ videoIn: stream({ loss: 0.05 }) })])).toEqual([undefined, 5]);
  });

  it('counts what was sent again over all streams', () => {
    expect(resentKbps([sample({ incoming: [stream({ resentKbps: 3 }), stream({ resentKbps: 4 })] }), sample({})], 'incoming')).toEqual([7, 0]);
  });

  it('shows freezes in the second in which they happened', () => {
    expect(frozenMs([sample({ freezeSeconds: 3 }), sample({ freezeSeconds: 3.4 }), sample({ freezeSeconds: 3.4 }), sample({ freezeSeconds: 0 })])).toEqual([undefined, 400, 0, 0]);
  });

  it('puts the layers in the order of their size, also those that are off or have not begun', () => {
    const f = stream({ rid: 'f', kbps: 1200 });
    const q = stream({ rid: 'q', kbps: 100 });
    const drawn = layers([sample({ outgoing: [q] }), sample({ outgoing: [f, q] }), sample({ outgoing: [{ ...f, active: false }, q] })]);
    expect(drawn).toEqual([
      { mid: '1', rid: 'q', values: [100, 100, 100] },
      { mid: '1', rid: 'f', values: [undefined, 1200, 0] },
    ]);
  });
});
