import { describe, expect, it } from 'vitest';
import type { Frame } from '../context';
import type { CheckTextKey } from '../types';
import { judgeProcessing } from './audio-processing';
import { judgeAutoplay } from './autoplay';
import { readOpenError, type OpenError } from './bench';
import { judgeCamera, liveliness, type CameraFindings } from './camera';
import { judgeDevices, type Device } from './devices';
import { judgeMicrophone, type MicrophoneFindings } from './microphone';
import { judgePermissions, refusedBySystem, type PermissionFindings } from './permissions';
import { judgeScreen } from './screen-share';
import { SoundMeter, type Sound } from './sound';
import { judgeHeard } from './speaker';

const refused = (name: OpenError['name'], message = ''): OpenError => ({ name, message });

describe('permissions', () => {
  const granted: PermissionFindings = { video: null, audio: null, cameraState: 'granted', microphoneState: 'granted', systemBlock: false };
  const both = (error: OpenError) => ({ video: error, audio: error });

  it.each<[Partial<PermissionFindings>, string, CheckTextKey]>([
    [{}, 'pass', 'verdict.permissions.ok'],
    [both(refused('NotFoundError')), 'pass', 'verdict.permissions.partial'],
    [{ video: refused('NotFoundError') }, 'pass', 'verdict.permissions.partial'],
    [both(refused('NotAllowedError')), 'fail', 'verdict.permissions.denied'],
    [{ video: refused('NotAllowedError') }, 'fail', 'verdict.permissions.denied-camera'],
    [{ audio: refused('NotAllowedError') }, 'fail', 'verdict.permissions.denied-microphone'],
    [{ ...both(refused('NotAllowedError')), systemBlock: true }, 'fail', 'verdict.permissions.system'],
    [both(refused('Unanswered')), 'fail', 'verdict.permissions.unanswered'],
    [{ video: refused('NotReadableError') }, 'fail', 'verdict.permissions.busy'],
    [{ audio: refused('AbortError') }, 'fail', 'verdict.permissions.busy'],
    [{ video: refused('OverconstrainedError') }, 'fail', 'verdict.permissions.busy'],
    [both(refused('Other')), 'fail', 'verdict.permissions.other'],
    [{ video: refused('NotFoundError'), audio: refused('NotAllowedError') }, 'fail', 'verdict.permissions.denied'],
  ])('%j', (found, status, verdict) => {
    const judged = judgePermissions({ ...granted, ...found });
    expect([judged.status, judged.verdict.key]).toEqual([status, verdict]);
  });

  it('are known to be refused by the system only when the browser says so', () => {
    const open = (message: string) => ({ track: null, error: refused('NotAllowedError', message) });
    expect(refusedBySystem(open('Permission denied by system'), open(''))).toBe(true);
    expect(refusedBySystem(open('Permission denied'), open(''))).toBe(false);
  });

  it.each([
    ['PermissionDeniedError', 'NotAllowedError'],
    ['TrackStartError', 'NotReadableError'],
    ['NotFoundError', 'NotFoundError'],
    ['SomethingElse', 'Other'],
  ])('read %s as %s', (name, expected) => {
    expect(readOpenError(Object.assign(new Error('m'), { name }))).toEqual({ name: expected, message: 'm' });
  });
});

describe('devices', () => {
  const camera: Device = { kind: 'videoinput', label: 'C' };
  const microphone: Device = { kind: 'audioinput', label: 'M' };

  it.each<[Device[], string, CheckTextKey]>([
    [[camera, microphone], 'pass', 'verdict.devices.ok'],
    [[camera], 'warn', 'verdict.devices.no-microphone'],
    [[microphone], 'warn', 'verdict.devices.no-camera'],
    [[{ kind: 'audiooutput', label: 'S' }], 'warn', 'verdict.devices.none'],
  ])('%j', (devices, status, verdict) => {
    const found = judgeDevices({ devices, hotPlug: true });
    expect([found.status, found.verdict.key]).toEqual([status, verdict]);
  });
});

describe('the camera', () => {
  const frames = (count: number, everyMs: number, more: (index: number) => Partial<Frame> = () => ({})): Frame[] =>
    Array.from({ length: count }, (_none, index) => ({ atMs: index * everyMs, luma: 120, hash: index, ...more(index) }));
  const good: CameraFindings = {
    label: 'C',
    promised: null,
    given: [{ width: 1280, height: 720 }],
    refused: [],
    untried: [],
    watched: { width: 1280, height: 720 },
    frames: frames(60, 50),
    muted: false,
  };
  const tiny = { width: 320, height: 240 };

  it.each<[string, Partial<CameraFindings>, string, CheckTextKey]>([
    ['that is well', {}, 'pass', 'verdict.camera.ok'],
    ['that gives 360 lines', { given: [{ width: 640, height: 360 }], watched: tiny }, 'pass', 'verdict.camera.ok'],
    ['that gives fewer', { given: [tiny], watched: tiny }, 'warn', 'verdict.camera.small'],
    ['at 12 pictures a second', { frames: frames(37, 1000 / 12) }, 'pass', 'verdict.camera.ok'],
    ['at 11 pictures a second', { frames: frames(34, 1000 / 11) }, 'warn', 'verdict.camera.slow'],
    ['without pictures', { frames: [] }, 'fail', 'verdict.camera.no-picture'],
    ['that is covered', { frames: frames(60, 50, () => ({ luma: 17 })) }, 'warn', 'verdict.camera.black'],
    ['in a dim room', { frames: frames(60, 50, () => ({ luma: 24 })) }, 'pass', 'verdict.camera.ok'],
    ['that stands still', { frames: frames(60, 50, () => ({ hash: 1 })) }, 'warn', 'verdict.camera.frozen'],
  ])('%s', (_name, found, status, verdict) => {
    const judged = judgeCamera({ ...good, ...found });
    expect([judged.status, judged.verdict.key]).toEqual([status, verdict]);
  });

  it('tells the largest picture and the sizes in order', () => {
    const judged = judgeCamera({ ...good, given: [{ width: 1920, height: 1080 }, { width: 640, height: 360 }] });
    expect(judged.verdict.values).toEqual({ size: '1920x1080', fps: 20 });
    expect(judged.details['given']).toEqual(['640x360', '1920x1080']);
  });

  it('is not called frozen before ten pictures', () => {
    expect(liveliness(frames(9, 50, () => ({ hash: 1 }))).frozen).toBe(false);
    expect(liveliness(frames(10, 50, () => ({ hash: 1 }))).frozen).toBe(true);
  });

  it('has no rate with a single picture', () => {
    expect(liveliness(frames(1, 50)).framesPerSecond).toBeNull();
  });
});

describe('the microphone', () => {
  const sound: Sound = { peak: 0.2, rms: 0.05, zeroShare: 0, clippedRuns: 0, samples: 96_000, sampleRate: 48_000, stereo: false };
  const good: MicrophoneFindings = { label: 'M', muted: false, sound };

  it.each<[string, Partial<MicrophoneFindings>, string, CheckTextKey]>([
    ['that is well', {}, 'pass', 'verdict.microphone.ok'],
    ['at -60 dB', { sound: { ...sound, peak: 0.001 } }, 'pass', 'verdict.microphone.ok'],
    ['below -60 dB', { sound: { ...sound, peak: 0.000_98 } }, 'warn', 'verdict.microphone.quiet'],
    ['that gives zeros', { sound: { ...sound, peak: 0 } }, 'fail', 'verdict.microphone.silent'],
    ['that is muted', { muted: true }, 'fail', 'verdict.microphone.muted'],
    ['that is too loud', { sound: { ...sound, clippedRuns: 1 } }, 'warn', 'verdict.microphone.clipped'],
    ['before a click', { sound: null }, 'skipped', 'verdict.microphone.click'],
  ])('%s', (_name, found, status, verdict) => {
    const judged = judgeMicrophone({ ...good, ...found });
    expect([judged.status, judged.verdict.key]).toEqual([status, verdict]);
  });
});

describe('the sound meter', () => {
  const measure = (...samples: number[]) => {
    const meter = new SoundMeter();
    meter.add(Float32Array.from(samples));
    return meter.read(48_000, false);
  };

  it('finds peak, power and zeros', () => {
    expect(measure(0, -0.5, 0.5, 0)).toMatchObject({ peak: 0.5, zeroShare: 0.5, samples: 4 });
    expect(measure(0, -0.5, 0.5, 0).rms).toBeCloseTo(Math.sqrt(0.125));
  });

  it('counts a run at full scale from the seventh sample on, once', () => {
    expect(measure(...Array<number>(6).fill(1)).clippedRuns).toBe(0);
    expect(measure(...Array<number>(7).fill(1)).clippedRuns).toBe(1);
    expect(measure(...Array<number>(40).fill(-1)).clippedRuns).toBe(1);
    expect(measure(...Array<number>(7).fill(1), 0, ...Array<number>(7).fill(1)).clippedRuns).toBe(2);
  });

  it('that heard nothing claims nothing', () => {
    expect(measure()).toMatchObject({ peak: 0, rms: 0, zeroShare: 1, samples: 0 });
  });
});

describe('sound processing', () => {
  const all = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, voiceIsolation: true };

  it.each([
    [all, all, 'verdict.audio-processing.both'],
    [all, { ...all, noiseSuppression: null }, 'verdict.audio-processing.echo'],
    [all, { ...all, echoCancellation: false }, 'verdict.audio-processing.no-echo'],
    [{ ...all, echoCancellation: false }, all, 'verdict.audio-processing.no-echo'],
  ])('%j %j', (supported, active, verdict) => {
    expect(judgeProcessing({ supported, active }).verdict.key).toBe(verdict);
  });
});

describe('what a person decides', () => {
  it.each([
    [true, 'pass'],
    [false, 'warn'],
  ])('a tone heard: %s', (heard, status) => {
    expect(judgeHeard(heard, false).status).toBe(status);
  });

  it.each([
    [true, true, 'verdict.autoplay.ok'],
    [true, false, 'verdict.autoplay.muted'],
    [false, false, 'verdict.autoplay.never'],
  ])('autoplay muted %s, with sound %s', (muted, unmuted, verdict) => {
    expect(judgeAutoplay(muted, unmuted).verdict.key).toBe(verdict);
  });

  it.each<[OpenError | null, boolean, string, CheckTextKey]>([
    [null, true, 'pass', 'verdict.screen-share.sound'],
    [null, false, 'pass', 'verdict.screen-share.ok'],
    [refused('NotAllowedError'), false, 'info', 'verdict.screen-share.refused'],
    [refused('NotReadableError'), false, 'warn', 'verdict.screen-share.failed'],
  ])('a screen share: %j with sound %s', (error, sound, status, verdict) => {
    const judged = judgeScreen({ error, surface: 'monitor', width: 800, height: 600, sound });
    expect([judged.status, judged.verdict.key]).toEqual([status, verdict]);
  });
});
