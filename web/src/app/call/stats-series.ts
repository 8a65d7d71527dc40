/** What the statistics draw: one series for each line, one value for each sample. */
import type { Series } from '../components/chart-geometry';
import type { Flow, Sample, Stream } from '../../lib/stats';

export function totalKbps(sample: Sample, direction: 'in' | 'out'): number {
  const flows = direction === 'in' ? [sample.audioIn, sample.videoIn, sample.screenIn] : [sample.audioOut, sample.videoOut, sample.screenOut];
  return flows.reduce((sum, flow) => sum + (flow?.kbps ?? 0), 0);
}

/** The worst of what is known, 0 to 1. */
export function worstLoss(sample: Sample): number | undefined {
  const flows: readonly (Flow | undefined)[] = [sample.audioIn, sample.videoIn, sample.audioOut, sample.videoOut];
  const known = flows.flatMap((flow) => (flow?.loss === undefined ? [] : [flow.loss]));
  return known.length > 0 ? Math.max(...known) : undefined;
}

export function lossPercent(history: readonly Sample[]): Series {
  return history.map((sample) => {
    const loss = worstLoss(sample);
    return loss === undefined ? undefined : loss * 100;
  });
}

/** What was sent again, in all. */
export function resentKbps(history: readonly Sample[], direction: 'incoming' | 'outgoing'): Series {
  return history.map((sample) => sample[direction].reduce((sum, stream) => sum + stream.resentKbps, 0));
}

/** Milliseconds for which pictures stood still, in each second; the first sample tells of no second. */
export function frozenMs(history: readonly Sample[]): Series {
  return history.map((sample, place) => {
    const before = history[place - 1];
    return before && Math.max(0, Math.round((sample.freezeSeconds - before.freezeSeconds) * 1000));
  });
}

/** The encodings as we name them, the smallest first. */
const RIDS = ['q', 'h', 'f'];

/** The encodings of one's own pictures that were seen at any time, the smallest first, each with its rate. */
export function layers(history: readonly Sample[]): { mid: string; rid: string; values: Series }[] {
  const seen = new Map<string, Stream & { rid: string }>();
  for (const sample of history) {
    for (const stream of sample.outgoing) if (stream.rid !== undefined) seen.set(keyOf(stream), { ...stream, rid: stream.rid });
  }
  const ordered = [...seen.values()].sort((one, other) => Number(one.mid) - Number(other.mid) || RIDS.indexOf(one.rid) - RIDS.indexOf(other.rid));
  return ordered.map(({ mid, rid }) => ({
    mid,
    rid,
    values: history.map((sample) => {
      const stream = sample.outgoing.find((candidate) => candidate.mid === mid && candidate.rid === rid);
      return stream && (stream.active ? stream.kbps : 0);
    }),
  }));
}

function keyOf({ mid, rid }: Stream): string {
  return `${mid} ${rid}`;
}
