/** How a picture is encoded for the media server: the same picture in several sizes, of which each viewer gets the one that fits. */

/** Camera encodings, the smallest first. Each is twice as wide as the one before, and the last that is used has the full size. */
const CAMERA = ['q', 'h', 'f'] as const;
/** From how many pixels on a picture is worth two and three encodings. Chromium leaves out the largest ones of a smaller picture. */
const TWO_LAYERS_PIXELS = 480 * 270;
const THREE_LAYERS_PIXELS = 960 * 540;
/** A screen is read, not watched: full size at a few pictures a second, and half of it for small views. */
const SCREEN: readonly { rid: string; scale: number }[] = [
  { rid: 'h', scale: 2 },
  { rid: 'f', scale: 1 },
];

const CAMERA_FPS_MAX = 30;
const SCREEN_FPS_MAX = 15;

/** Bits a second at which a moving face of at most so many pixels looks good; more is wasted. */
const CAMERA_RATES: readonly [pixels: number, bps: number][] = [
  [160 * 90, 100_000],
  [320 * 180, 180_000],
  [480 * 270, 350_000],
  [640 * 360, 550_000],
  [960 * 540, 1_100_000],
  [1280 * 720, 1_800_000],
  [1920 * 1080, 3_200_000],
];
const CAMERA_BPS_MAX = 4_500_000;
/** Text needs its bits when it scrolls; still, it needs almost none. */
const SCREEN_BPS: Readonly<Record<string, number>> = { h: 700_000, f: 2_800_000 };

/** Assumed as long as nobody knows: what most cameras give. */
const USUAL = { width: 1280, height: 720 };

interface Size {
  width?: number;
  height?: number;
}

/**
 * Whether an encoding is sent before the server has said which ones are wanted. Only the smallest: the others fill a narrow
 * line and a small processor, and wait until somebody has a tile for them.
 */
export function startsActive(rid: string): boolean {
  return rid === CAMERA[0];
}

/** The encodings that a camera's transceiver is made with. */
export function cameraEncodings(size: Size = USUAL): RTCRtpEncodingParameters[] {
  return CAMERA.map((rid) => {
    const { scale, used } = cameraLayer(rid, size);
    return { rid, active: used && startsActive(rid), scaleResolutionDownBy: scale, maxBitrate: cameraBitrate(size, scale), maxFramerate: CAMERA_FPS_MAX };
  });
}

/** How an encoding serves a picture of `size`: by what its width and height are divided, and whether there is use for it. */
export function cameraLayer(rid: string, size: Size): { scale: number; used: boolean } {
  const pixels = (size.width ?? USUAL.width) * (size.height ?? USUAL.height);
  const count = pixels >= THREE_LAYERS_PIXELS ? 3 : pixels >= TWO_LAYERS_PIXELS ? 2 : 1;
  const place = CAMERA.findIndex((known) => known === rid);
  return { scale: 2 ** Math.max(0, count - 1 - place), used: place < count };
}

/** The encodings that a screen's transceiver is made with. */
export function screenEncodings(): RTCRtpEncodingParameters[] {
  return SCREEN.map(({ rid, scale }) => ({ rid, scaleResolutionDownBy: scale, maxBitrate: SCREEN_BPS[rid] ?? CAMERA_BPS_MAX, maxFramerate: SCREEN_FPS_MAX }));
}

/** Bits a second for a camera picture of `size` divided by `scale` in both directions. */
export function cameraBitrate(size: Size, scale: number): number {
  const pixels = ((size.width ?? USUAL.width) / scale) * ((size.height ?? USUAL.height) / scale);
  return CAMERA_RATES.find(([most]) => pixels <= most)?.[1] ?? CAMERA_BPS_MAX;
}
