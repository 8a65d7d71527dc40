/** How large and how fine a broadcast is. */

export interface BroadcastQuality {
  /** Lines of the picture; as wide as its shape asks. */
  height: number;
  /** Of the picture, at most; the connection may carry less. */
  kbps: number;
}

/** Largest first. */
export const QUALITIES: readonly BroadcastQuality[] = [
  { height: 1080, kbps: 4500 },
  { height: 720, kbps: 2500 },
  { height: 540, kbps: 1400 },
  { height: 360, kbps: 800 },
];

export const USUAL_QUALITY: BroadcastQuality = { height: 720, kbps: 2500 };

/** The quality of that height; the usual one where there is none. */
export function qualityOf(height: number): BroadcastQuality {
  return QUALITIES.find((quality) => quality.height === height) ?? USUAL_QUALITY;
}

/** What the encoder is told for a picture of so many lines. */
export function encodingOf(quality: BroadcastQuality, lines: number | undefined): Pick<RTCRtpEncodingParameters, 'maxBitrate' | 'scaleResolutionDownBy'> {
  return { maxBitrate: quality.kbps * 1000, scaleResolutionDownBy: Math.max(1, (lines ?? quality.height) / quality.height) };
}

/**
 * The codecs of pictures in the order in which we want them: H.264 first, which all other protocols carry, too. B-frames, which viewers over WebRTC
 * could not show, no browser makes. `undefined` where the browser cannot say.
 */
export function broadcastCodecs(known: readonly RTCRtpCodec[] | undefined): RTCRtpCodec[] | undefined {
  if (!known || known.length === 0) return undefined;
  const rank = ({ mimeType }: RTCRtpCodec) => {
    const place = ['video/h264', 'video/vp8', 'video/vp9', 'video/av1'].indexOf(mimeType.toLowerCase());
    return place < 0 ? 9 : place;
  };
  return known.toSorted((one, other) => rank(one) - rank(other));
}
