import { describe, expect, it } from 'vitest';
import { QualityMeter, judge } from './quality';
import { StatsReader, type Sample } from './stats';

type Entries = [string, Record<string, unknown>][];

function report(at: number, more: { received?: number; lost?: number; bytes?: number } = {}): Entries {
  const entry = (id: string, type: string, fields: object): [string, Record<string, unknown>] => [id, { id, type, timestamp: at, ...fields }];
  return [
    entry('T', 'transport', { selectedCandidatePairId: 'P' }),
    entry('P', 'candidate-pair', { localCandidateId: 'L', remoteCandidateId: 'R', currentRoundTripTime: 0.05, availableOutgoingBitrate: 2_000_000 }),
    entry('L', 'local-candidate', { candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls', address: '192.0.2.1', port: 50000 }),
    entry('R', 'remote-candidate', { candidateType: 'srflx', protocol: 'udp', address: '198.51.100.2', port: 40000 }),
    entry('V', 'inbound-rtp', { kind: 'video', mid: '1', bytesReceived: more.bytes ?? 0, packetsReceived: more.received ?? 0, packetsLost: more.lost ?? 0, framesPerSecond: 25, frameWidth: 640, frameHeight: 360, codecId: 'C', jitter: 0.004, totalFreezesDuration: 1.5 }),
    entry('S', 'inbound-rtp', { kind: 'video', mid: '2', bytesReceived: 0, framesPerSecond: 5 }),
    entry('O', 'outbound-rtp', { kind: 'video', mid: '1', bytesSent: 0, qualityLimitationReason: 'cpu' }),
    entry('H', 'remote-inbound-rtp', { kind: 'video', localId: 'O', fractionLost: 0.25, jitter: 0.01 }),
    entry('C', 'codec', { mimeType: 'video/VP8' }),
    entry('M', 'media-source', { kind: 'audio', totalAudioEnergy: 0.5 }),
  ];
}

describe('a sample', () => {
  it('names the path and how the relay is reached', () => {
    expect(new StatsReader().read(report(1000)).path).toEqual({ local: 'relay', remote: 'srflx', protocol: 'udp', relayProtocol: 'tls', localAddress: '192.0.2.1:50000', remoteAddress: '198.51.100.2:40000' });
  });

  it('is made of the difference of two reports', () => {
    const reader = new StatsReader();
    reader.read(report(1000, { bytes: 1000, received: 100, lost: 5 }));
    const { videoIn, rttMs, availableKbps, freezeSeconds, microphoneEnergy, limitedBy } = reader.read(report(3000, { bytes: 126_000, received: 190, lost: 15 }));
    expect(videoIn).toEqual({ kbps: 500, loss: 0.1, jitterMs: 4, codec: 'VP8', fps: 25, width: 640, height: 360 });
    expect({ rttMs, availableKbps, freezeSeconds, microphoneEnergy, limitedBy }).toEqual({ rttMs: 50, availableKbps: 2000, freezeSeconds: 1.5, microphoneEnergy: 0.5, limitedBy: 'cpu' });
  });

  it('tells camera and screen apart by their m-lines', () => {
    const sample = new StatsReader().read(report(1000).toReversed());
    expect(sample.videoIn?.width).toBe(640);
    expect(sample.screenIn?.fps).toBe(5);
  });

  it('takes the loss of what we send from the report of the other', () => {
    expect(new StatsReader().read(report(1000)).videoOut?.loss).toBe(0.25);
  });

  it('of nothing has no path and no flows', () => {
    const sample = new StatsReader().read([]);
    expect(sample).toMatchObject({ path: undefined, videoIn: undefined, rttMs: undefined });
  });
});

describe('the quality', () => {
  const good = new StatsReader().read([]);
  const flow = { kbps: 30, loss: 0, jitterMs: 5, codec: 'opus', fps: undefined, width: undefined, height: undefined };
  const sample = (more: Partial<Sample>): Sample => ({ ...good, ...more });

  it.each<[Partial<Sample>, number, string | undefined]>([
    [{}, 4, undefined],
    [{ rttMs: 200 }, 4, undefined],
    [{ rttMs: 201 }, 3, 'delay'],
    [{ rttMs: 401 }, 2, 'delay'],
    [{ rttMs: 701 }, 1, 'delay'],
    [{ audioIn: { ...flow, loss: 0.03 } }, 3, 'loss'],
    [{ videoOut: { ...flow, loss: 0.06 } }, 2, 'loss'],
    [{ audioIn: { ...flow, loss: 0.2 }, rttMs: 500 }, 1, 'loss'],
    [{ audioIn: { ...flow, jitterMs: 90 } }, 2, 'jitter'],
    [{ availableKbps: 100, limitedBy: 'bandwidth' }, 2, 'bandwidth'],
    [{ availableKbps: 100, limitedBy: 'none' }, 4, undefined],
    [{ limitedBy: 'cpu', videoOut: { ...flow, fps: 5 } }, 3, 'computer'],
    [{ limitedBy: 'cpu', videoOut: { ...flow, fps: 20 } }, 4, undefined],
  ])('of %j is %i because of %s', (more, level, reason) => {
    expect(judge(sample(more))).toEqual({ level, reason });
  });

  it('does not change for one bad second', () => {
    const meter = new QualityMeter();
    for (let second = 0; second < 4; second++) meter.add(good);
    expect(meter.add(sample({ rttMs: 900 })).level).toBe(4);
    expect(meter.add(good).level).toBe(4);
  });

  it('changes when it stays bad, and back when it is good again', () => {
    const meter = new QualityMeter();
    for (let second = 0; second < 4; second++) meter.add(good);
    meter.add(sample({ rttMs: 900 }));
    expect(meter.add(sample({ rttMs: 900 }))).toEqual({ level: 1, reason: 'delay' });
    for (let second = 0; second < 3; second++) meter.add(good);
    expect(meter.add(good).level).toBe(4);
  });
});
