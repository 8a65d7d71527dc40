/** Which codecs a slot offers. A browser names two dozen variants in each line: fifty lines of them are more than the server reads. */

/** Variants that nobody sends by default. */
function isUsual(codec: RTCRtpCodec): boolean {
  const name = codec.mimeType.toLowerCase();
  const parameters = codec.sdpFmtpLine ?? '';
  switch (name) {
    case 'video/vp8':
    case 'video/rtx':
      return true;
    case 'video/vp9':
      return !/profile-id=[1-9]/.test(parameters);
    case 'video/av1':
      return !/profile=[1-9]/.test(parameters);
    case 'video/h264':
      return /packetization-mode=1/.test(parameters) && /profile-level-id=42/i.test(parameters);
    case 'video/h265':
      return !/profile-id=[2-9]/.test(parameters);
    default:
      // RED and FEC of pictures: the server sends again what is lost.
      return false;
  }
}

/** What to prefer in a slot for pictures; undefined where the browser cannot say, and offers everything. */
export function slotCodecs(): RTCRtpCodec[] | undefined {
  if (typeof RTCRtpReceiver === 'undefined' || typeof RTCRtpReceiver.getCapabilities !== 'function') return undefined;
  const usual = RTCRtpReceiver.getCapabilities('video')?.codecs.filter(isUsual);
  return usual && usual.length > 0 ? usual : undefined;
}
