/** Check 7: which picture sizes the camera gives, how many pictures a second, and whether they are alive. */
import type { Check, Frame } from '../context';
import { round } from '../statistics';
import { outcome, type Outcome } from '../types';

export interface Resolution {
  readonly width: number;
  readonly height: number;
}

export interface CameraFindings {
  readonly label: string;
  /** What the driver promises; `null` where the browser does not tell. */
  readonly promised: { readonly width: number; readonly height: number; readonly frameRate: number } | null;
  readonly given: readonly Resolution[];
  readonly refused: readonly Resolution[];
  /** Not tried, because the time was up. */
  readonly untried: readonly Resolution[];
  /** The size in which the pictures were watched. */
  readonly watched: Resolution;
  readonly frames: readonly Frame[];
  readonly muted: boolean;
}

/** From the sizes a call uses to the rare ones, so that running out of time costs the least. */
const RESOLUTIONS: readonly Resolution[] = [
  [640, 360],
  [1280, 720],
  [1920, 1080],
  [640, 480],
  [320, 180],
  [320, 240],
  [160, 120],
  [3840, 2160],
  [1024, 576],
  [768, 576],
  [1280, 800],
  [1280, 768],
  [1920, 1200],
  [4096, 2160],
].map(([width, height]) => ({ width: width as number, height: height as number }));

/** Below this a face is a smudge. */
const LEAST_HEIGHT = 360;
/** Below this, movement is a slide show. */
const LEAST_FRAMES_PER_SECOND = 12;
/** A lens cover or a dead sensor: video black is 16, noise adds a little. */
const BLACK_LUMA = 20;
/** With fewer pictures a standing scene says nothing. */
const FROZEN_FRAMES_MIN = 10;
const SWEEP_LIMIT_MS = 9_000;
const WATCH_MS = 3_000;

export interface Liveliness {
  readonly framesPerSecond: number | null;
  readonly black: boolean;
  readonly frozen: boolean;
}

export function liveliness(frames: readonly Frame[]): Liveliness {
  const [first, last] = [frames[0], frames.at(-1)];
  const spanMs = first && last ? last.atMs - first.atMs : 0;
  return {
    framesPerSecond: spanMs > 0 ? round(((frames.length - 1) * 1_000) / spanMs) : null,
    black: frames.length > 0 && frames.every(({ luma }) => luma < BLACK_LUMA),
    frozen: frames.length >= FROZEN_FRAMES_MIN && new Set(frames.map(({ hash }) => hash)).size === 1,
  };
}

const name = ({ width, height }: Resolution) => `${width}x${height}`;
const bySize = (a: Resolution, b: Resolution) => a.width * a.height - b.width * b.height;

export function judgeCamera(findings: CameraFindings): Outcome {
  const { label, promised, given, refused, untried, watched, frames, muted } = findings;
  const alive = liveliness(frames);
  const sorted = (list: readonly Resolution[]) => [...list].sort(bySize).map(name);
  const details = {
    label,
    promised,
    given: sorted(given),
    refused: sorted(refused),
    untried: sorted(untried),
    watched: name(watched),
    frames: frames.length,
    framesPerSecond: alive.framesPerSecond,
    meanLuma: frames.length > 0 ? Math.round(frames.reduce((sum, { luma }) => sum + luma, 0) / frames.length) : null,
    muted,
  };
  if (frames.length === 0) {
    return outcome('fail', 'verdict.camera.no-picture', { advice: 'advice.camera.no-picture', details });
  }
  if (alive.black) return outcome('warn', 'verdict.camera.black', { advice: 'advice.camera.black', details });
  if (alive.frozen) return outcome('warn', 'verdict.camera.frozen', { advice: 'advice.camera.frozen', details });
  const best = [...given, watched].sort(bySize).at(-1) as Resolution;
  const values = { size: name(best), fps: Math.round(alive.framesPerSecond ?? 0) };
  if (best.height < LEAST_HEIGHT) {
    return outcome('warn', 'verdict.camera.small', { values, advice: 'advice.camera.small', details });
  }
  if (alive.framesPerSecond !== null && alive.framesPerSecond < LEAST_FRAMES_PER_SECOND) {
    return outcome('warn', 'verdict.camera.slow', { values, advice: 'advice.camera.slow', details });
  }
  return outcome('pass', 'verdict.camera.ok', { values, details });
}

interface Sweep {
  readonly given: Resolution[];
  readonly refused: Resolution[];
  readonly untried: Resolution[];
}

async function sweep(track: MediaStreamTrack, signal: AbortSignal): Promise<Sweep> {
  const result: Sweep = { given: [], refused: [], untried: [] };
  const endsMs = performance.now() + SWEEP_LIMIT_MS;
  for (const resolution of RESOLUTIONS) {
    const { width, height } = resolution;
    if (signal.aborted || performance.now() > endsMs) {
      result.untried.push(resolution);
      continue;
    }
    try {
      await track.applyConstraints({ width: { exact: width }, height: { exact: height } });
      const settings = track.getSettings();
      const upright = settings.width === width && settings.height === height;
      // A phone held upright turns the picture: 720x1280 is the same size.
      const turned = settings.width === height && settings.height === width;
      (upright || turned ? result.given : result.refused).push(resolution);
    } catch {
      result.refused.push(resolution);
    }
  }
  return result;
}

function promise(track: MediaStreamTrack): CameraFindings['promised'] {
  // Firefox before 132 has no getCapabilities.
  const { width, height, frameRate } = ('getCapabilities' in track ? track.getCapabilities() : {}) as MediaTrackCapabilities;
  if (width?.max === undefined || height?.max === undefined || frameRate?.max === undefined) return null;
  return { width: width.max, height: height.max, frameRate: round(frameRate.max) };
}

export const camera: Check = {
  id: 'camera',
  group: 'media',
  timeoutMs: 18_000,
  run: async ({ media, surroundings, signal }) => {
    const { video } = await media.open();
    const { track } = video;
    if (track === null) return outcome('skipped', 'verdict.camera.closed', { details: { error: video.error.name } });
    const promised = promise(track);
    const sizes = await sweep(track, signal);
    await track.applyConstraints({ width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } });
    const frames = await surroundings.watch(track, WATCH_MS, signal);
    const { width = 0, height = 0 } = track.getSettings();
    return judgeCamera({ label: track.label, promised, ...sizes, watched: { width, height }, frames, muted: track.muted });
  },
};
