import { describe, expect, it } from 'vitest';
import { cameraBitrate, cameraEncodings, cameraLayer, screenEncodings } from './encodings';

describe('a camera', () => {
  it.each([
    [1280, 720, ['q 4', 'h 2', 'f 1']],
    [960, 540, ['q 4', 'h 2', 'f 1']],
    [640, 360, ['q 2', 'h 1']],
    [320, 180, ['q 1']],
  ])('of %i × %i is sent in sizes that browsers encode, the largest of them in full', (width, height, layers) => {
    const used = cameraEncodings({ width, height }).filter(({ rid }) => cameraLayer(rid ?? '', { width, height }).used);
    expect(used.map(({ rid, scaleResolutionDownBy }) => `${rid} ${scaleResolutionDownBy}`)).toEqual(layers);
  });

  it('begins with the smallest, until somebody wants more', () =>
    expect(cameraEncodings().flatMap(({ rid, active }) => (active ? [rid] : []))).toEqual(['q']));

  it('of unknown size is taken for a usual one', () => expect(cameraLayer('f', {})).toEqual({ scale: 1, used: true }));

  it('gets more bits for more pixels, and never more than enough', () => {
    const sizes = [[320, 180], [640, 360], [1280, 720], [1920, 1080], [3840, 2160]] as const;
    const rates = sizes.map(([width, height]) => cameraBitrate({ width, height }, 1));
    expect(rates).toEqual(rates.toSorted((one, other) => one - other));
    expect(rates.at(-1)).toBeLessThanOrEqual(4_500_000);
    expect(cameraBitrate({ width: 1280, height: 720 }, 4)).toBe(cameraBitrate({ width: 320, height: 180 }, 1));
  });
});

it('a screen is sent in full, and in half for small views', () => {
  expect(screenEncodings().map(({ rid, scaleResolutionDownBy }) => `${rid} ${scaleResolutionDownBy}`)).toEqual(['h 2', 'f 1']);
});
