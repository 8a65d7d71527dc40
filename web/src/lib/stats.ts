/** What the browser measures about a call, as one small record a second. Made from two successive `getStats` reports. */

/** How the packets travel. */
export interface Path {
  /** `host`, `srflx`, `prflx` or `relay`. */
  local: string;
  remote: string;
  /** Transport of the pair: `udp` or `tcp`. */
  protocol: string;
  /** How we reach our relay: `udp`, `tcp` or `tls`; undefined when the path is not relayed by us. */
  relayProtocol: string | undefined;
  localAddress: string;
  remoteAddress: string;
}

/** One direction of one kind of media. */
export interface Flow {
  kbps: number;
  /** Part of the packets that were lost since the last sample, 0 to 1; undefined when nothing is known. */
  loss: number | undefined;
  jitterMs: number | undefined;
  codec: string | undefined;
  fps: number | undefined;
  width: number | undefined;
  height: number | undefined;
}

/** One stream of many, as they come from or go to the media server. */
export interface Stream extends Flow {
  /** The m-line. */
  mid: string;
  kind: 'audio' | 'video';
  /** The encoding of a picture in several sizes. */
  rid: string | undefined;
  /** An encoding that is switched off is not sent. */
  active: boolean;
  /** Seconds in which the picture stood still, in all. */
  freezeSeconds: number;
  /** What had to be sent again. */
  resentKbps: number;
}

export interface Sample {
  /** Milliseconds by the clock of the reports. */
  at: number;
  path: Path | undefined;
  rttMs: number | undefined;
  /** What the sender believes the path can carry. */
  availableKbps: number | undefined;
  audioIn: Flow | undefined;
  audioOut: Flow | undefined;
  videoIn: Flow | undefined;
  videoOut: Flow | undefined;
  screenIn: Flow | undefined;
  screenOut: Flow | undefined;
  /** Each stream of its own; the flows above are their sums where there are many. */
  incoming: readonly Stream[];
  outgoing: readonly Stream[];
  /** Seconds in which the picture of the other stood still, in all. */
  freezeSeconds: number;
  /** Energy of the own microphone so far; it does not grow while the microphone gives no sound. */
  microphoneEnergy: number | undefined;
  /** What holds the encoder back: `none`, `cpu`, `bandwidth`. */
  limitedBy: string;
}

/** How many samples the charts look back. */
export const HISTORY_SECONDS = 60;

type Entry = Readonly<Record<string, unknown>>;
type Report = ReadonlyMap<string, Entry>;

/** Turns successive reports into samples; remembers only the last report. */
export class StatsReader {
  #before: Report = new Map();

  /**
   * @param entries the values of an `RTCStatsReport`
   * @param many the streams come from the media server: any of them may be anybody's
   */
  read(entries: Iterable<readonly [string, unknown]>, many = false): Sample {
    const report = new Map<string, Entry>();
    for (const [id, entry] of entries) report.set(id, entry as Entry);
    const pair = selectedPair(report);
    const streams = (type: string): Stream[] => [...report.values()].filter((entry) => entry['type'] === type).sort(byMid).map((entry) => this.#stream(report, entry));
    const incoming = streams('inbound-rtp');
    const outgoing = streams('outbound-rtp');
    const [audioIn] = flows(incoming, 'audio', many);
    const [audioOut] = flows(outgoing, 'audio', false);
    const [videoIn, screenIn] = flows(incoming, 'video', many);
    const [videoOut, screenOut] = flows(outgoing, 'video', false);
    const rtt = numeric(pair, 'currentRoundTripTime');
    const available = numeric(pair, 'availableOutgoingBitrate');
    const sample: Sample = {
      at: numeric(pair ?? [...report.values()][0], 'timestamp') ?? 0,
      path: pair && path(report, pair),
      rttMs: rtt === undefined ? undefined : rtt * 1000,
      availableKbps: available === undefined ? undefined : available / 1000,
      audioIn,
      audioOut,
      videoIn,
      videoOut,
      screenIn,
      screenOut,
      incoming,
      outgoing,
      freezeSeconds: sum(report, 'inbound-rtp', 'totalFreezesDuration'),
      microphoneEnergy: numeric([...report.values()].find((entry) => entry['type'] === 'media-source' && entry['kind'] === 'audio'), 'totalAudioEnergy'),
      limitedBy: textual([...report.values()].find((entry) => entry['type'] === 'outbound-rtp' && entry['kind'] === 'video'), 'qualityLimitationReason') ?? 'none',
    };
    this.#before = report;
    return sample;
  }

  #stream(report: Report, entry: Entry): Stream {
    const id = textual(entry, 'id') ?? '';
    const before = this.#before.get(id);
    const outgoing = entry['type'] === 'outbound-rtp';
    const seconds = ((numeric(entry, 'timestamp') ?? 0) - (numeric(before, 'timestamp') ?? 0)) / 1000;
    const grown = (name: string) => Math.max(0, (numeric(entry, name) ?? 0) - (numeric(before, name) ?? 0));
    const bytes = grown(outgoing ? 'bytesSent' : 'bytesReceived');
    const heard = outgoing ? remoteInbound(report, id) : entry;
    const jitter = numeric(heard, 'jitter');
    const codec = textual(report.get(textual(entry, 'codecId') ?? ''), 'mimeType');
    const kbps = (count: number) => (before && seconds > 0 ? (count * 8) / seconds / 1000 : 0);
    return {
      mid: textual(entry, 'mid') ?? '',
      kind: entry['kind'] === 'video' ? 'video' : 'audio',
      rid: textual(entry, 'rid'),
      active: entry['active'] !== false,
      freezeSeconds: numeric(entry, 'totalFreezesDuration') ?? 0,
      resentKbps: kbps(grown(outgoing ? 'retransmittedBytesSent' : 'retransmittedBytesReceived')),
      kbps: kbps(bytes),
      loss: outgoing ? numeric(heard, 'fractionLost') : before && lossSince(grown('packetsLost'), grown('packetsReceived')),
      jitterMs: jitter === undefined ? undefined : jitter * 1000,
      codec: codec?.split('/')[1],
      fps: numeric(entry, 'framesPerSecond'),
      width: numeric(entry, 'frameWidth'),
      height: numeric(entry, 'frameHeight'),
    };
  }
}

/** One flow for each m-line of a kind, or for all of them together. */
function flows(streams: readonly Stream[], kind: string, together: boolean): Flow[] {
  const byLine = new Map<string, Stream[]>();
  for (const stream of streams) {
    if (stream.kind !== kind) continue;
    const line = together ? '' : stream.mid;
    byLine.set(line, [...(byLine.get(line) ?? []), stream]);
  }
  return [...byLine.values()].map(sumOf);
}

/** Rates add up; of loss and jitter the worst counts; size and rate of pictures are those of the largest. */
function sumOf(streams: readonly Stream[]): Flow {
  const worst = (values: (number | undefined)[]) => values.reduce((most, value) => (value !== undefined && (most === undefined || value > most) ? value : most), undefined);
  const flowing = streams.filter((stream) => stream.kbps > 0);
  const largest = (flowing.length > 0 ? flowing : streams).reduce((one, other) => ((other.height ?? 0) > (one.height ?? 0) ? other : one));
  return {
    kbps: streams.reduce((total, stream) => total + stream.kbps, 0),
    loss: worst(streams.map((stream) => stream.loss)),
    jitterMs: worst(streams.map((stream) => stream.jitterMs)),
    codec: largest.codec,
    fps: largest.fps,
    width: largest.width,
    height: largest.height,
  };
}

/** Whether the packets leave through a relay of our own. */
export async function isRelayed(connection: RTCPeerConnection): Promise<boolean> {
  const report = new Map<string, Entry>();
  (await connection.getStats()).forEach((entry: Entry, id: string) => report.set(id, entry));
  const pair = selectedPair(report);
  return pair !== undefined && path(report, pair)?.local === 'relay';
}

function lossSince(lost: number, received: number): number | undefined {
  return lost + received === 0 ? undefined : lost / (lost + received);
}

/** The pair that carries the media: named by the transport, in Firefox by a flag of its own. */
function selectedPair(report: Report): Entry | undefined {
  for (const entry of report.values()) {
    const selected = entry['type'] === 'transport' && report.get(textual(entry, 'selectedCandidatePairId') ?? '');
    if (selected) return selected;
  }
  return [...report.values()].find((entry) => entry['type'] === 'candidate-pair' && entry['selected'] === true);
}

function path(report: Report, pair: Entry): Path | undefined {
  const local = report.get(textual(pair, 'localCandidateId') ?? '');
  const remote = report.get(textual(pair, 'remoteCandidateId') ?? '');
  if (!local || !remote) return undefined;
  const address = (candidate: Entry) => `${textual(candidate, 'address') ?? textual(candidate, 'ip') ?? '–'}:${numeric(candidate, 'port') ?? '–'}`;
  return {
    local: textual(local, 'candidateType') ?? 'unknown',
    remote: textual(remote, 'candidateType') ?? 'unknown',
    protocol: textual(local, 'protocol') ?? 'unknown',
    relayProtocol: textual(local, 'relayProtocol'),
    localAddress: address(local),
    remoteAddress: address(remote),
  };
}

function remoteInbound(report: Report, outboundId: string): Entry | undefined {
  return [...report.values()].find((entry) => entry['type'] === 'remote-inbound-rtp' && entry['localId'] === outboundId);
}

/** The order of the m-lines: camera before screen. */
function byMid(one: Entry, other: Entry): number {
  return Number(one['mid'] ?? 0) - Number(other['mid'] ?? 0);
}

function sum(report: Report, type: string, name: string): number {
  let total = 0;
  for (const entry of report.values()) if (entry['type'] === type) total += numeric(entry, name) ?? 0;
  return total;
}

function numeric(entry: Entry | undefined, name: string): number | undefined {
  const value = entry?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function textual(entry: Entry | undefined, name: string): string | undefined {
  const value = entry?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
