import { afterEach, expect, it, vi } from 'vitest';
import { slotCodecs } from './codecs';

afterEach(() => vi.unstubAllGlobals());

const codec = (mimeType: string, sdpFmtpLine?: string) => ({ mimeType, clockRate: 90_000, ...(sdpFmtpLine && { sdpFmtpLine }) });

it('a slot offers one or two kinds of each codec', () => {
  vi.stubGlobal('RTCRtpReceiver', {
    getCapabilities: () => ({
      codecs: [
        codec('video/VP8'),
        codec('video/rtx'),
        codec('video/VP9', 'profile-id=0'),
        codec('video/VP9', 'profile-id=2'),
        codec('video/H264', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f'),
        codec('video/H264', 'level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f'),
        codec('video/H264', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f'),
        codec('video/AV1', 'level-idx=5;profile=0;tier=0'),
        codec('video/AV1', 'level-idx=5;profile=1;tier=0'),
        codec('video/red'),
        codec('video/ulpfec'),
      ],
    }),
  });
  expect(slotCodecs()?.map(({ mimeType, sdpFmtpLine }) => `${mimeType} ${sdpFmtpLine ?? ''}`.trim())).toEqual([
    'video/VP8',
    'video/rtx',
    'video/VP9 profile-id=0',
    'video/H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    'video/AV1 level-idx=5;profile=0;tier=0',
  ]);
});

it('a browser that cannot say offers what it likes', () => {
  vi.stubGlobal('RTCRtpReceiver', undefined);
  expect(slotCodecs()).toBeUndefined();
  vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
  expect(slotCodecs()).toBeUndefined();
});
