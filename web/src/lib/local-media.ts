/** The camera, the microphone and the screen of this browser: what is captured, what is on, and what stands in the way. */
import { batch, computed, signal } from '@preact/signals-core';
import type { MediaState } from './message';

export type DeviceKind = 'audio' | 'video';

/** Why a device gives nothing. Each is explained to the user by what to do about it. */
export type DeviceProblem = 'insecure' | 'blocked' | 'blocked-by-system' | 'missing' | 'busy' | 'lost';

export interface DeviceChoice {
  camera: string;
  microphone: string;
  speaker: string;
}

export interface LocalMediaOptions {
  /** Undefined where the browser has none: in a page that is not secure. */
  devices: MediaDevices | undefined;
  audio: false | MediaTrackConstraints;
  video: false | MediaTrackConstraints;
  /** Remembered from the last visit; an empty id is the browser's default. */
  choice: DeviceChoice;
  microphoneOn: boolean;
  cameraOn: boolean;
  /** Small pictures for slow machines. */
  modest: boolean;
}

const COMFORTABLE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const MODEST = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 24 } };

export class LocalMedia {
  /** What the user wants; the track follows as far as the device lets it. */
  readonly microphoneOn = signal(true);
  readonly cameraOn = signal(true);
  readonly microphone = signal<MediaStreamTrack | null>(null);
  readonly camera = signal<MediaStreamTrack | null>(null);
  readonly screen = signal<MediaStream | null>(null);
  readonly problem = signal<Readonly<Partial<Record<DeviceKind, DeviceProblem>>>>({});
  /** True while the browser may be asking the user. */
  readonly asking = signal(false);
  readonly devices = signal<readonly MediaDeviceInfo[]>([]);
  readonly choice = signal<DeviceChoice>({ camera: '', microphone: '', speaker: '' });
  /** What the server lets this member send. The other devices stay closed, whatever the user wants. */
  readonly allowed = signal<Readonly<Record<DeviceKind, boolean>>>({ audio: true, video: true });
  readonly facing = signal<'user' | 'environment'>('user');
  readonly state = computed<MediaState>(() => ({
    audio: this.microphoneOn.value && this.microphone.value !== null,
    video: this.cameraOn.value && this.camera.value !== null,
    screen: this.screen.value !== null,
  }));

  readonly #options: LocalMediaOptions;
  #closed = false;
  readonly #refresh = () => void this.#listDevices();

  constructor(options: LocalMediaOptions) {
    this.#options = options;
    this.microphoneOn.value = options.microphoneOn && options.audio !== false;
    this.cameraOn.value = options.cameraOn && options.video !== false;
    this.choice.value = options.choice;
    options.devices?.addEventListener?.('devicechange', this.#refresh);
  }

  /** Opens what is wanted. Never fails: what cannot be opened is in {@link problem}, and one may join without. */
  async start(): Promise<void> {
    const audio = this.#options.audio !== false && !this.microphone.peek();
    const video = this.#options.video !== false && this.cameraOn.peek() && !this.camera.peek();
    this.asking.value = true;
    const both = audio && video ? await this.#capture(['audio', 'video']) : undefined;
    if (!both?.complete) {
      if (audio && !this.microphone.peek()) await this.#capture(['audio']);
      if (video && !this.camera.peek()) await this.#capture(['video']);
    }
    this.asking.value = false;
    await this.#listDevices();
  }

  /** Releases what may not be sent. What the user wants is left as it is, for the next call. */
  allow(allowed: Readonly<Record<DeviceKind, boolean>>): void {
    batch(() => {
      this.allowed.value = allowed;
      for (const kind of ['audio', 'video'] as const) {
        if (allowed[kind]) continue;
        this.#keep(kind, null);
        this.#clearProblem(kind);
      }
    });
  }

  async setMicrophone(on: boolean): Promise<void> {
    if (!this.allowed.peek().audio) return;
    this.microphoneOn.value = on;
    const track = this.microphone.peek();
    if (track) track.enabled = on;
    else if (on) await this.#open('audio');
  }

  /** Off releases the camera, so that its light goes out. */
  async setCamera(on: boolean): Promise<void> {
    if (!this.allowed.peek().video) return;
    this.cameraOn.value = on;
    if (on) {
      if (!this.camera.peek()) await this.#open('video');
    } else {
      this.#keep('video', null);
      this.#clearProblem('video');
    }
  }

  async selectMicrophone(id: string): Promise<void> {
    this.choice.value = { ...this.choice.peek(), microphone: id };
    await this.#open('audio');
  }

  async selectCamera(id: string): Promise<void> {
    this.choice.value = { ...this.choice.peek(), camera: id };
    if (this.cameraOn.peek()) await this.#reopenCamera();
  }

  selectSpeaker(id: string): void {
    this.choice.value = { ...this.choice.peek(), speaker: id };
  }

  /** From the front camera to the one at the back, and back again. */
  async flipCamera(): Promise<void> {
    this.facing.value = this.facing.peek() === 'user' ? 'environment' : 'user';
    this.choice.value = { ...this.choice.peek(), camera: '' };
    if (this.cameraOn.peek()) await this.#reopenCamera();
  }

  /** Asks the user what to show. False when nothing was chosen. */
  async shareScreen(): Promise<boolean> {
    try {
      const { devices } = this.#options;
      const screen = await devices?.getDisplayMedia({ video: { frameRate: { ideal: 15 } }, audio: screenSound(devices) });
      const picture = screen?.getVideoTracks()[0];
      if (!screen || !picture) return false;
      if (this.#closed) {
        for (const track of screen.getTracks()) track.stop();
        return false;
      }
      picture.contentHint = 'detail';
      for (const sound of screen.getAudioTracks()) sound.contentHint = 'music';
      picture.addEventListener('ended', () => {
        if (this.screen.peek() === screen) this.stopScreen();
      });
      this.stopScreen();
      this.screen.value = screen;
      return true;
    } catch {
      return false;
    }
  }

  stopScreen(): void {
    for (const track of this.screen.peek()?.getTracks() ?? []) track.stop();
    this.screen.value = null;
  }

  /** Releases everything. */
  close(): void {
    this.#closed = true;
    this.#options.devices?.removeEventListener?.('devicechange', this.#refresh);
    this.stopScreen();
    this.#keep('audio', null);
    this.#keep('video', null);
  }

  /** Two cameras cannot be open at once on many phones: the old one goes first. */
  async #reopenCamera(): Promise<void> {
    const before = this.camera.peek();
    before?.stop();
    await this.#open('video');
    // Nothing took its place: a stopped camera must not pass for one that is on.
    if (this.camera.peek() === before) this.#keep('video', null);
  }

  async #open(kind: DeviceKind): Promise<void> {
    this.asking.value = true;
    await this.#capture([kind]);
    this.asking.value = false;
    await this.#listDevices();
  }

  async #capture(kinds: readonly DeviceKind[], exact = true): Promise<{ complete: boolean }> {
    if (this.#closed || kinds.some((kind) => !this.allowed.peek()[kind])) return { complete: false };
    const devices = this.#options.devices;
    if (!devices) {
      for (const kind of kinds) this.#report(kind, 'insecure');
      return { complete: false };
    }
    try {
      const stream = await devices.getUserMedia({
        audio: kinds.includes('audio') && this.#audioConstraints(exact),
        video: kinds.includes('video') && this.#videoConstraints(exact),
      });
      batch(() => {
        for (const kind of kinds) this.#keep(kind, stream.getTracks().find((track) => track.kind === kind) ?? null);
      });
      return { complete: true };
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      // A remembered device that is gone: any other will do.
      if (exact && (name === 'OverconstrainedError' || name === 'NotFoundError')) return this.#capture(kinds, false);
      if (kinds.length === 1 && kinds[0]) this.#report(kinds[0], problemOf(error));
      return { complete: false };
    }
  }

  #audioConstraints(exact: boolean): MediaTrackConstraints {
    const wanted = this.#options.audio || {};
    const id = this.choice.peek().microphone;
    return { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...wanted, ...(exact && id && { deviceId: { exact: id } }) };
  }

  #videoConstraints(exact: boolean): MediaTrackConstraints {
    const wanted = exact ? this.#options.video || {} : {};
    const id = this.choice.peek().camera;
    const size = this.#options.modest ? MODEST : COMFORTABLE;
    return { ...size, facingMode: { ideal: this.facing.peek() }, ...wanted, ...(exact && id && { deviceId: { exact: id } }) };
  }

  #keep(kind: DeviceKind, track: MediaStreamTrack | null): void {
    const place = kind === 'audio' ? this.microphone : this.camera;
    if (this.#closed || !this.allowed.peek()[kind] || (kind === 'video' && !this.cameraOn.peek())) {
      track?.stop();
      track = null;
    }
    const before = place.peek();
    if (track) {
      if (kind === 'audio') track.enabled = this.microphoneOn.peek();
      track.addEventListener('ended', () => {
        if (place.peek() === track) this.#lost(kind);
      });
      this.#clearProblem(kind);
    }
    place.value = track;
    if (before !== track) before?.stop();
  }

  #lost(kind: DeviceKind): void {
    this.#keep(kind, null);
    this.#report(kind, 'lost');
    void this.#capture([kind], false).then(() => this.#listDevices());
  }

  #report(kind: DeviceKind, problem: DeviceProblem): void {
    if (this.allowed.peek()[kind]) this.problem.value = { ...this.problem.peek(), [kind]: problem };
  }

  #clearProblem(kind: DeviceKind): void {
    const { [kind]: _, ...rest } = this.problem.peek();
    this.problem.value = rest;
  }

  async #listDevices(): Promise<void> {
    if (this.#closed) return;
    this.devices.value = (await this.#options.devices?.enumerateDevices().catch(() => [])) ?? [];
  }
}

/** A screen's sound as it is: music and tones pass for noise to what cleans voices. Where a browser cannot leave this page's own voices out of it, its echo cancellation has to. */
function screenSound(devices: MediaDevices): MediaTrackConstraints & { restrictOwnAudio: boolean } {
  const canLeaveOut = 'restrictOwnAudio' in (devices.getSupportedConstraints?.() ?? {});
  return { noiseSuppression: false, autoGainControl: false, echoCancellation: !canLeaveOut, restrictOwnAudio: true };
}

function problemOf(error: unknown): DeviceProblem {
  const { name = '', message = '' } = error instanceof Error ? error : {};
  if (name === 'NotAllowedError' || name === 'SecurityError') return /system/i.test(message) ? 'blocked-by-system' : 'blocked';
  if (name === 'NotFoundError' || name === 'OverconstrainedError' || name === 'TypeError') return 'missing';
  return 'busy';
}
