import { describe, expect, it } from 'vitest';
import { LocalMedia, type LocalMediaOptions } from './local-media';

type Wanted = { audio?: unknown; video?: unknown };

class FakeTrack extends EventTarget {
  enabled = true;
  stopped = false;
  contentHint = '';

  constructor(readonly kind: 'audio' | 'video') {
    super();
  }

  stop(): void {
    this.stopped = true;
  }
}

const stream = (...tracks: FakeTrack[]) =>
  ({
    getTracks: () => tracks,
    getVideoTracks: () => tracks.filter((track) => track.kind === 'video'),
    getAudioTracks: () => tracks.filter((track) => track.kind === 'audio'),
  }) as unknown as MediaStream;

/** Devices that answer as `behave` says: with a stream of what was wanted, or with an error of this name. */
class FakeDevices {
  readonly asked: Wanted[] = [];
  readonly tracks: FakeTrack[] = [];
  behave: (wanted: Wanted) => string | undefined = () => undefined;
  message = '';

  async getUserMedia(wanted: Wanted): Promise<MediaStream> {
    this.asked.push(wanted);
    const error = this.behave(wanted);
    if (error) throw Object.assign(new Error(this.message), { name: error });
    const made = (['audio', 'video'] as const).filter((kind) => wanted[kind]).map((kind) => new FakeTrack(kind));
    this.tracks.push(...made);
    return stream(...made);
  }

  screen = new FakeTrack('video');
  screenSound = new FakeTrack('audio');
  supported: object = {};
  getDisplayMedia = async (wanted: Wanted) => {
    this.asked.push(wanted);
    return stream(this.screen, this.screenSound);
  };
  getSupportedConstraints = () => this.supported;
  enumerateDevices = async () => [];
  addEventListener(): void {}
  removeEventListener(): void {}
}

function media(devices: FakeDevices | undefined, more: Partial<LocalMediaOptions> = {}): LocalMedia {
  return new LocalMedia({
    devices: devices as unknown as MediaDevices | undefined,
    audio: {},
    video: {},
    choice: { camera: '', microphone: '', speaker: '' },
    microphoneOn: true,
    cameraOn: true,
    modest: false,
    ...more,
  });
}

const named = (error: string) => () => error;

describe('opening', () => {
  it('asks once for both', async () => {
    const devices = new FakeDevices();
    const made = media(devices);
    await made.start();
    expect(devices.asked).toHaveLength(1);
    expect(made.state.value).toEqual({ audio: true, video: true, screen: false });
    expect(made.asking.value).toBe(false);
  });

  it('opens the microphone where there is no camera', async () => {
    const devices = new FakeDevices();
    devices.behave = (wanted) => (wanted.video ? 'NotFoundError' : undefined);
    const made = media(devices);
    await made.start();
    expect(made.state.value).toMatchObject({ audio: true, video: false });
    expect(made.problem.value).toEqual({ video: 'missing' });
  });

  it('leaves the camera alone when it was off the last time', async () => {
    const devices = new FakeDevices();
    const made = media(devices, { cameraOn: false });
    await made.start();
    expect(devices.asked).toHaveLength(1);
    expect(devices.asked[0]?.video).toBeFalsy();
  });

  it('leaves alone what the address of the page forbids', async () => {
    const devices = new FakeDevices();
    await media(devices, { audio: false, video: false }).start();
    expect(devices.asked).toHaveLength(0);
  });

  it('opens the microphone muted when it was off the last time, so that it can be heard at once', async () => {
    const made = media(new FakeDevices(), { microphoneOn: false });
    await made.start();
    expect(made.microphone.value?.enabled).toBe(false);
    expect(made.state.value.audio).toBe(false);
  });

  it('takes any device when the remembered one is gone', async () => {
    const devices = new FakeDevices();
    devices.behave = (wanted) => (JSON.stringify(wanted).includes('gone') ? 'OverconstrainedError' : undefined);
    const made = media(devices, { choice: { camera: 'gone', microphone: 'gone', speaker: '' } });
    await made.start();
    expect(made.state.value).toMatchObject({ audio: true, video: true });
    expect(made.problem.value).toEqual({});
  });

  it.each([
    ['NotAllowedError', '', 'blocked'],
    ['NotAllowedError', 'Permission denied by system', 'blocked-by-system'],
    ['SecurityError', '', 'blocked'],
    ['NotFoundError', '', 'missing'],
    ['OverconstrainedError', '', 'missing'],
    ['NotReadableError', '', 'busy'],
    ['AbortError', '', 'busy'],
  ])('that fails with %s %s is called %s', async (error, message, problem) => {
    const devices = new FakeDevices();
    devices.behave = named(error);
    devices.message = message;
    const made = media(devices);
    await made.start();
    expect(made.problem.value).toEqual({ audio: problem, video: problem });
    expect(made.state.value).toMatchObject({ audio: false, video: false });
  });

  it('in a page that is not secure fails with the reason', async () => {
    const made = media(undefined);
    await made.start();
    expect(made.problem.value).toEqual({ audio: 'insecure', video: 'insecure' });
  });

  it('again after a problem clears it', async () => {
    const devices = new FakeDevices();
    devices.behave = named('NotAllowedError');
    const made = media(devices);
    await made.start();
    devices.behave = () => undefined;
    await made.start();
    expect(made.problem.value).toEqual({});
    expect(made.state.value).toMatchObject({ audio: true, video: true });
  });
});

describe('the camera', () => {
  it('goes dark when it is turned off, and is opened again', async () => {
    const devices = new FakeDevices();
    const made = media(devices);
    await made.start();
    const first = made.camera.value as unknown as FakeTrack;
    await made.setCamera(false);
    expect(first.stopped).toBe(true);
    expect(made.state.value.video).toBe(false);
    await made.setCamera(true);
    expect(made.state.value.video).toBe(true);
  });

  it('that opens after it was turned off again is closed at once', async () => {
    const devices = new FakeDevices();
    const made = media(devices, { cameraOn: false });
    const opening = made.setCamera(true);
    await made.setCamera(false);
    await opening;
    expect(made.camera.value).toBeNull();
    expect(devices.tracks.every((track) => track.stopped)).toBe(true);
  });

  it('that does not start in place of the former one is off, and can be tried again', async () => {
    const devices = new FakeDevices();
    const made = media(devices);
    await made.start();
    devices.behave = named('NotReadableError');
    await made.flipCamera();
    expect(made.state.value.video).toBe(false);
    expect(made.problem.value.video).toBe('busy');
    devices.behave = () => undefined;
    await made.setCamera(true);
    expect(made.state.value.video).toBe(true);
  });

  it('that is unplugged is reported, and replaced by another', async () => {
    const devices = new FakeDevices();
    const made = media(devices);
    await made.start();
    devices.behave = named('NotFoundError');
    (made.camera.value as unknown as FakeTrack).dispatchEvent(new Event('ended'));
    expect(made.problem.value.video).toBe('lost');
    expect(made.camera.value).toBeNull();
    devices.behave = () => undefined;
    await made.setCamera(true);
    expect(made.problem.value).toEqual({});
  });
});

describe('the microphone', () => {
  it('stays open when it is turned off', async () => {
    const made = media(new FakeDevices());
    await made.start();
    await made.setMicrophone(false);
    const track = made.microphone.value as unknown as FakeTrack;
    expect([track.enabled, track.stopped]).toEqual([false, false]);
  });

  it('that is exchanged while off stays off', async () => {
    const made = media(new FakeDevices());
    await made.start();
    await made.setMicrophone(false);
    await made.selectMicrophone('other');
    expect(made.microphone.value?.enabled).toBe(false);
  });
});

describe('the screen', () => {
  it('is no longer shared when the browser ends it', async () => {
    const devices = new FakeDevices();
    const made = media(devices);
    expect(await made.shareScreen()).toBe(true);
    expect(made.state.value.screen).toBe(true);
    devices.screen.dispatchEvent(new Event('ended'));
    expect(made.state.value.screen).toBe(false);
    expect(devices.screen.stopped).toBe(true);
  });

  it('that is chosen after the call was left is let go at once', async () => {
    const devices = new FakeDevices();
    const made = media(devices);
    const choosing = made.shareScreen();
    made.close();
    expect(await choosing).toBe(false);
    expect(devices.screen.stopped).toBe(true);
    expect(made.state.value.screen).toBe(false);
  });

  it('is let go when another one takes its place, whose sharing goes on', async () => {
    const devices = new FakeDevices();
    const made = media(devices);
    await made.shareScreen();
    const first = devices.screen;
    devices.screen = new FakeTrack('video');
    await made.shareScreen();
    expect(first.stopped).toBe(true);
    first.dispatchEvent(new Event('ended'));
    expect(devices.screen.stopped).toBe(false);
    expect(made.state.value.screen).toBe(true);
  });

  it('has its sound as it is, without the voices of the page itself', async () => {
    const devices = new FakeDevices();
    await media(devices).shareScreen();
    expect(devices.screenSound.contentHint).toBe('music');
    const asItIs = { noiseSuppression: false, autoGainControl: false, restrictOwnAudio: true };
    expect(devices.asked.at(-1)?.audio, 'a browser that knows no other way').toEqual({ ...asItIs, echoCancellation: true });
    devices.supported = { restrictOwnAudio: true };
    await media(devices).shareScreen();
    expect(devices.asked.at(-1)?.audio).toEqual({ ...asItIs, echoCancellation: false });
  });

  it('is not shared when the person changes their mind', async () => {
    const devices = new FakeDevices();
    devices.getDisplayMedia = () => Promise.reject(new Error('NotAllowedError'));
    const made = media(devices);
    expect(await made.shareScreen()).toBe(false);
    expect(made.state.value.screen).toBe(false);
  });
});

describe('closing', () => {
  it('asks for nothing more, also when a question is still open', async () => {
    const devices = new FakeDevices();
    devices.behave = named('NotAllowedError');
    const made = media(devices);
    const opening = made.start();
    made.close();
    await opening;
    expect(devices.asked).toHaveLength(1);
  });

  it('releases everything, also what opens later', async () => {
    const devices = new FakeDevices();
    const made = media(devices);
    const opening = made.start();
    made.close();
    await opening;
    expect(devices.tracks.length).toBeGreaterThan(0);
    expect(devices.tracks.every((track) => track.stopped)).toBe(true);
  });
});

describe('what the server does not let one send', () => {
  it('is released, and opened by nothing', async () => {
    const devices = new FakeDevices();
    const made = media(devices);
    await made.start();
    made.allow({ audio: false, video: false });
    expect(devices.tracks.map((track) => track.stopped)).toEqual([true, true]);
    expect(made.state.value).toMatchObject({ audio: false, video: false });
    await made.setMicrophone(true);
    await made.setCamera(true);
    await made.selectMicrophone('other');
    await made.flipCamera();
    expect(devices.asked).toHaveLength(1);
    expect([made.microphone.value, made.camera.value, made.problem.value]).toEqual([null, null, {}]);
  });

  it('is stopped when it opens too late, and is no problem when it cannot be opened', async () => {
    const late = new FakeDevices();
    const made = media(late);
    const started = made.start();
    made.allow({ audio: true, video: false });
    await started;
    expect(late.tracks.map((track) => [track.kind, track.stopped])).toEqual([['audio', false], ['video', true]]);
    expect(made.state.value).toMatchObject({ audio: true, video: false });

    const blocked = new FakeDevices();
    blocked.behave = named('NotAllowedError');
    const other = media(blocked, { audio: false });
    const tried = other.start();
    other.allow({ audio: true, video: false });
    await tried;
    expect(other.problem.value).toEqual({});
  });

  it('does not change what the user wants, for the next call', async () => {
    const made = media(new FakeDevices());
    await made.start();
    made.allow({ audio: false, video: false });
    await made.setMicrophone(false);
    await made.setCamera(false);
    expect([made.microphoneOn.value, made.cameraOn.value]).toEqual([true, true]);
  });

  it('leaves the rest as it is', async () => {
    const made = media(new FakeDevices());
    await made.start();
    made.allow({ audio: true, video: true });
    expect(made.state.value).toEqual({ audio: true, video: true, screen: false });
  });
});
