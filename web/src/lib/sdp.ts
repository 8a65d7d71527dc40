/**
 * What the address of the page may ask of the session descriptions: codec order, Opus options, bitrates.
 * A description that goes out tells the other what to send us; one that comes in tells our browser what to send.
 */

export interface SdpWishes {
  audioSendCodec?: string;
  audioReceiveCodec?: string;
  videoSendCodec?: string;
  videoReceiveCodec?: string;
  audioSendKbps?: number;
  audioReceiveKbps?: number;
  videoSendKbps?: number;
  videoReceiveKbps?: number;
  /** Opus fmtp parameters for what we send. */
  opusSend?: Readonly<Record<string, string>>;
  /** Opus fmtp parameters for what we would like to get. */
  opusReceive?: Readonly<Record<string, string>>;
}

/**
 * The certificates that a description names (`a=fingerprint`, RFC 8122 section 5), the same as long as it comes from the same
 * connection; undefined when there are none. The session id of `o=` would not do: some clients draw one for every description.
 */
export function certificates(sdp: string): string | undefined {
  const found = new Set(Array.from(sdp.matchAll(/^a=fingerprint:(\S+ \S+)/gm), (match) => match[1]?.toLowerCase()));
  return found.size === 0 ? undefined : [...found].sort().join(' ');
}

/** The description as the other shall see it. */
export function outgoingSdp(sdp: string, wishes: SdpWishes): string {
  return mapSections(sdp, (kind, lines) => {
    let section = preferCodec(lines, kind === 'audio' ? wishes.audioReceiveCodec : wishes.videoReceiveCodec);
    section = limitBandwidth(section, kind === 'audio' ? wishes.audioReceiveKbps : wishes.videoReceiveKbps);
    return kind === 'audio' ? setOpus(section, wishes.opusReceive) : section;
  });
}

/** The description of the other as our browser shall see it. */
export function incomingSdp(sdp: string, wishes: SdpWishes): string {
  return mapSections(sdp, (kind, lines) => {
    const section = preferCodec(lines, kind === 'audio' ? wishes.audioSendCodec : wishes.videoSendCodec);
    return kind === 'audio' ? setOpus(section, wishes.opusSend) : section;
  });
}

type Section = readonly string[];

/** Applies `change` to every audio and video section; all other lines stay as they are. */
function mapSections(sdp: string, change: (kind: 'audio' | 'video', lines: Section) => Section): string {
  const sections: string[][] = [[]];
  for (const line of sdp.split(/\r?\n/)) {
    if (line.startsWith('m=')) sections.push([]);
    sections[sections.length - 1]?.push(line);
  }
  const changed = sections.map((lines) => {
    const kind = lines[0]?.startsWith('m=audio') ? 'audio' : lines[0]?.startsWith('m=video') ? 'video' : undefined;
    return kind ? change(kind, lines) : lines;
  });
  return changed.flat().join('\r\n');
}

/** Payload types of a codec by its name in `a=rtpmap`; capitals do not matter. */
function payloadTypes(lines: Section, codec: string): string[] {
  const found: string[] = [];
  for (const line of lines) {
    const match = /^a=rtpmap:(\d+) ([^/\s]+)/.exec(line);
    if (match?.[1] && match[2]?.toLowerCase() === codec.toLowerCase()) found.push(match[1]);
  }
  return found;
}

/** Moves the payload types of `codec` to the front of the m-line. An unknown codec changes nothing. */
function preferCodec(lines: Section, codec: string | undefined): Section {
  if (!codec) return lines;
  const first = payloadTypes(lines, codec);
  const [media, port, protocol, ...types] = (lines[0] ?? '').split(' ');
  if (first.length === 0 || types.length === 0) return lines;
  const reordered = [...first.filter((type) => types.includes(type)), ...types.filter((type) => !first.includes(type))];
  return [[media, port, protocol, ...reordered].join(' '), ...lines.slice(1)];
}

/** Sets `b=AS` (RFC 8866 section 5.8), which stands after the `c=` line of the section. */
function limitBandwidth(lines: Section, kbps: number | undefined): Section {
  if (kbps === undefined) return lines;
  const kept = lines.filter((line) => !line.startsWith('b='));
  const at = kept.findIndex((line) => line.startsWith('c=')) + 1 || 1;
  return [...kept.slice(0, at), `b=AS:${kbps}`, ...kept.slice(at)];
}

/** Sets parameters in the `a=fmtp` line of Opus (RFC 7587 section 6.1), which is made when it is missing. */
function setOpus(lines: Section, parameters: Readonly<Record<string, string>> | undefined): Section {
  const type = payloadTypes(lines, 'opus')[0];
  if (!parameters || !type) return lines;
  const prefix = `a=fmtp:${type} `;
  const present = lines.find((line) => line.startsWith(prefix));
  const values = new Map<string, string>();
  for (const part of (present?.slice(prefix.length) ?? '').split(';')) {
    const [name, value] = part.trim().split('=');
    if (name) values.set(name, value ?? '');
  }
  for (const [name, value] of Object.entries(parameters)) values.set(name, value);
  const line = prefix + [...values].map(([name, value]) => `${name}=${value}`).join(';');
  if (present) return lines.map((old) => (old === present ? line : old));
  return lines.flatMap((old) => (old.startsWith(`a=rtpmap:${type} `) ? [old, line] : [old]));
}
