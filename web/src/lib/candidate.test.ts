import { describe, expect, it } from 'vitest';
import { decodeCandidate, encodeCandidate } from './candidate';

const LINE = 'candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host';

describe('a candidate on the wire', () => {
  it('carries both shapes', () => {
    expect(JSON.parse(encodeCandidate({ candidate: LINE, sdpMid: 'a', sdpMLineIndex: 1 }) ?? '')).toEqual({ label: 1, id: 'a', sdpMLineIndex: 1, sdpMid: 'a', candidate: LINE });
  });

  it.each([null, { candidate: '' }, { candidate: '', sdpMid: '0' }])('is not sent for the end of candidates: %j', (end) => {
    expect(encodeCandidate(end)).toBeUndefined();
  });

  it.each([
    [{ label: 0, id: 'audio', candidate: LINE }, { candidate: LINE, sdpMid: 'audio', sdpMLineIndex: 0 }],
    [{ sdpMLineIndex: 1, sdpMid: '1', candidate: LINE, usernameFragment: 'x' }, { candidate: LINE, sdpMid: '1', sdpMLineIndex: 1 }],
    [{ label: 0, id: '0', sdpMLineIndex: 0, sdpMid: '0', candidate: LINE }, { candidate: LINE, sdpMid: '0', sdpMLineIndex: 0 }],
    [{ candidate: LINE }, { candidate: LINE, sdpMLineIndex: 0 }],
    [{ candidate: LINE, label: 2 }, { candidate: LINE, sdpMLineIndex: 2 }],
    [{ candidate: LINE, id: 7, sdpMid: null, sdpMLineIndex: 0 }, { candidate: LINE, sdpMLineIndex: 0 }],
  ])('is read in every shape: %j', (wire, read) => {
    expect(decodeCandidate(JSON.stringify(wire))).toEqual(read);
  });

  it('reads back what it writes', () => {
    const candidate = { candidate: LINE, sdpMid: '0', sdpMLineIndex: 0 };
    expect(decodeCandidate(encodeCandidate(candidate) ?? '')).toEqual(candidate);
  });
});
