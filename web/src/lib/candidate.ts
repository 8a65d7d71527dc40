/** ICE candidates on the wire: one object that clients of both shapes understand. */

/** `{label, id, candidate}` is the shape of dialect A, the other keys are those of `RTCIceCandidate`. */
export interface WireCandidate {
  label: number;
  id: string;
  sdpMLineIndex: number;
  sdpMid: string;
  candidate: string;
}

/** The text to send for a candidate; `undefined` for the end of candidates, which is not sent. */
export function encodeCandidate(candidate: RTCIceCandidateInit | null): string | undefined {
  if (!candidate?.candidate) return undefined;
  const index = candidate.sdpMLineIndex ?? 0;
  const mid = candidate.sdpMid ?? String(index);
  const wire: WireCandidate = { label: index, id: mid, sdpMLineIndex: index, sdpMid: mid, candidate: candidate.candidate };
  return JSON.stringify(wire);
}

/** Reads a candidate of either shape. `undefined` when there is none in it. */
export function decodeCandidate(msg: string): RTCIceCandidateInit | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(msg);
  } catch {
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null) return undefined;
  const { candidate, sdpMid, sdpMLineIndex, id, label } = fields as Record<string, unknown>;
  if (typeof candidate !== 'string' || candidate === '') return undefined;
  const mid = typeof sdpMid === 'string' ? sdpMid : typeof id === 'string' ? id : undefined;
  const index = typeof sdpMLineIndex === 'number' ? sdpMLineIndex : typeof label === 'number' ? label : undefined;
  if (mid === undefined && index === undefined) return { candidate, sdpMLineIndex: 0 };
  return { candidate, ...(mid !== undefined && { sdpMid: mid }), ...(index !== undefined && { sdpMLineIndex: index }) };
}
