import { describe, expect, it } from 'vitest';
import { filterIceServers, parseUrlParameters, withoutUdpServers } from './url-parameters';

describe('parseUrlParameters', () => {
  it('of nothing is the defaults', () => {
    expect(parseUrlParameters('')).toEqual({ audio: {}, video: {}, relayOnly: false, turnTransport: undefined, loopback: false, token: undefined, wishes: {}, ignored: [] });
  });

  it.each([
    ['audio=false', { audio: false }],
    ['video=false', { video: false }],
    ['video=false&hd=true', { video: false }],
    ['audio=true&video=true', { audio: {}, video: {} }],
    ['hd=true', { video: { width: { min: 1280 }, height: { min: 720 } } }],
    ['video=minWidth%3D640,maxWidth%3D1280,maxFrameRate%3D15', { video: { width: { min: 640, max: 1280 }, frameRate: { max: 15 } } }],
    ['video=mandatory:minHeight=480,optional:facingMode=environment', { video: { height: { min: 480 }, facingMode: 'environment' } }],
    ['audio=googEchoCancellation=false,noiseSuppression=true', { audio: { echoCancellation: false, noiseSuppression: true } }],
    ['it=relay', { relayOnly: true }],
    ['it=all', { relayOnly: false }],
    ['tt=tcp', { turnTransport: 'tcp' }],
    ['debug=loopback', { loopback: true }],
    ['token=abc.def', { token: 'abc.def' }],
    ['asc=opus&vsc=VP9&arc=ISAC%2F16000&vrc=H264', { wishes: { audioSendCodec: 'opus', videoSendCodec: 'VP9', audioReceiveCodec: 'ISAC', videoReceiveCodec: 'H264' } }],
    ['asbr=32&arbr=24&vsbr=500&vrbr=400', { wishes: { audioSendKbps: 32, audioReceiveKbps: 24, videoSendKbps: 500, videoReceiveKbps: 400 } }],
    ['opusfec=true&opusdtx=false&opusmaxpbr=16000', { wishes: { opusSend: { useinbandfec: '1', usedtx: '0', maxplaybackrate: '16000' } } }],
    ['stereo=true', { wishes: { opusSend: { stereo: '1', 'sprop-stereo': '1' }, opusReceive: { stereo: '1', 'sprop-stereo': '1' } } }],
  ])('%s', (query, expected) => {
    expect(parseUrlParameters(`?${query}`)).toMatchObject({ ...expected, ignored: [] });
  });

  it.each([
    ['tt=quic', 'tt'],
    ['vsbr=fast', 'vsbr'],
    ['vsbr=0', 'vsbr'],
    ['vsbr=100001', 'vsbr'],
    ['opusmaxpbr=48001', 'opusmaxpbr'],
    ['audio=googHighpassFilter=true', 'audio=googHighpassFilter=true'],
    ['video=minWidth', 'video=minWidth'],
    ['dtls=false', 'dtls'],
    ['vsc=%3Cscript%3E', 'vsc'],
  ])('%s is named as ignored', (query, name) => {
    expect(parseUrlParameters(`?${query}`).ignored).toEqual([name]);
  });
});

describe('withoutUdpServers', () => {
  it('leaves the relays over TCP and TLS, with their credentials', () => {
    const servers = [
      { urls: ['turn:h:3478?transport=udp', 'turn:h:3478?transport=tcp', 'turns:h:5349?transport=tcp', 'turn:h'], username: 'u', credential: 'c' },
      { urls: 'stun:h:3478' },
      { urls: 'turn:h' },
    ];
    expect(withoutUdpServers(servers)).toEqual([
      { urls: ['turn:h:3478?transport=tcp', 'turns:h:5349?transport=tcp'], username: 'u', credential: 'c' },
    ]);
  });
});

describe('filterIceServers', () => {
  const turn = { urls: ['turn:h:3478?transport=udp', 'turn:h:3478', 'turn:h:3478?transport=tcp', 'turns:h:443?transport=tcp'], username: 'u', credential: 'c' };
  const stun = { urls: 'stun:h:3478' };

  it.each([
    [undefined, turn.urls],
    ['udp' as const, ['turn:h:3478?transport=udp', 'turn:h:3478']],
    ['tcp' as const, ['turn:h:3478?transport=tcp']],
    ['tls' as const, ['turns:h:443?transport=tcp']],
  ])('for %s leaves %j, and the credentials', (transport, urls) => {
    const [kept, other] = filterIceServers([turn, stun], transport);
    expect(kept).toEqual({ ...turn, urls });
    expect([other?.urls].flat()).toEqual(['stun:h:3478']);
  });

  it('leaves out a server of which nothing remains', () => {
    expect(filterIceServers([{ urls: 'turn:h?transport=udp' }], 'tls')).toEqual([]);
  });
});
