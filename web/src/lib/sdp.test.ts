import { describe, expect, it } from 'vitest';
import { certificates, incomingSdp, outgoingSdp } from './sdp';

const SDP = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=unheard-of:thing',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63 0',
  'c=IN IP4 0.0.0.0',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:63 red/48000/2',
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97 98',
  'c=IN IP4 0.0.0.0',
  'b=AS:99',
  'a=rtpmap:96 VP8/90000',
  'a=rtpmap:97 H264/90000',
  'a=rtpmap:98 h264/90000',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  '',
].join('\r\n');

const line = (sdp: string, start: string) => sdp.split('\r\n').filter((one) => one.startsWith(start));

describe('session descriptions', () => {
  it('without wishes stay as they are, to the byte', () => {
    expect(outgoingSdp(SDP, {})).toBe(SDP);
    expect(incomingSdp(SDP, {})).toBe(SDP);
  });

  it('move a codec to the front, with all its payload types', () => {
    expect(line(incomingSdp(SDP, { videoSendCodec: 'H264' }), 'm=video')).toEqual(['m=video 9 UDP/TLS/RTP/SAVPF 97 98 96']);
    expect(line(outgoingSdp(SDP, { videoReceiveCodec: 'H264' }), 'm=video')).toEqual(['m=video 9 UDP/TLS/RTP/SAVPF 97 98 96']);
  });

  it('stay as they are for a codec that nobody offers', () => {
    expect(incomingSdp(SDP, { videoSendCodec: 'H265' })).toBe(SDP);
  });

  it('ask for a bitrate in place of the one that was there', () => {
    const sdp = outgoingSdp(SDP, { audioReceiveKbps: 24, videoReceiveKbps: 400 });
    expect(line(sdp, 'b=')).toEqual(['b=AS:24', 'b=AS:400']);
    expect(sdp).toContain('c=IN IP4 0.0.0.0\r\nb=AS:24\r\na=rtpmap:111');
  });

  it('change parameters of Opus and keep the others', () => {
    const sdp = incomingSdp(SDP, { opusSend: { useinbandfec: '0', stereo: '1' } });
    expect(line(sdp, 'a=fmtp:111')).toEqual(['a=fmtp:111 minptime=10;useinbandfec=0;stereo=1']);
  });

  it('get an fmtp line for Opus where there is none', () => {
    const bare = SDP.replace('a=fmtp:111 minptime=10;useinbandfec=1\r\n', '');
    expect(outgoingSdp(bare, { opusReceive: { stereo: '1' } })).toContain('a=rtpmap:111 opus/48000/2\r\na=fmtp:111 stereo=1\r\n');
  });

  it('do not need to be well-formed', () => {
    for (const strange of ['', 'm=', 'm=audio', 'm=video\r\na=rtpmap:', 'x\ny']) expect(() => incomingSdp(strange, { videoSendCodec: 'VP8', audioSendCodec: 'opus' })).not.toThrow();
  });
});

describe('the certificates of a description', () => {
  const named = (...lines: string[]) => certificates([...SDP.split('\r\n'), ...lines].join('\r\n'));

  it('are the same in any order, number and case, whatever the session id', () => {
    const one = named('a=fingerprint:sha-256 AA:0B', 'a=fingerprint:sha-1 CC');
    expect(named('a=fingerprint:sha-1 cc', 'a=fingerprint:SHA-256 aa:0b', 'a=fingerprint:sha-1 CC')).toBe(one);
    expect(certificates('o=- 99 1 IN IP4 127.0.0.1\na=fingerprint:sha-1 CC\na=fingerprint:sha-256 AA:0B')).toBe(one);
    expect(named('a=fingerprint:sha-256 AA:0C', 'a=fingerprint:sha-1 CC')).not.toBe(one);
  });

  it('are unknown where there are none', () => {
    expect(named()).toBeUndefined();
  });
});
