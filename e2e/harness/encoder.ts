// An encoder of somebody else's: ffmpeg publishes a picture that moves and a tone, by RTMP.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const FRAMES_PER_SECOND = 25;

/** The program that knows the codec, and what makes it quick. Debian's ffmpeg has neither of the younger ones in RTMP; that of PyPI has. */
const CODECS = {
  h264: { program: () => 'ffmpeg', options: ['libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-bf', '0'] },
  vp9: { program: youngFfmpeg, options: ['libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '400k'] },
  av1: { program: youngFfmpeg, options: ['libaom-av1', '-usage', 'realtime', '-cpu-used', '8', '-b:v', '400k'] },
} as const;

export type EncodedAs = keyof typeof CODECS;

function youngFfmpeg(): string {
  const python = fileURLToPath(new URL('../.venv/bin/python', import.meta.url));
  return execFileSync(python, ['-c', 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())'], { encoding: 'utf8' }).trim();
}

export class Encoder {
  private readonly child: ChildProcess;
  private written = '';

  private constructor(child: ChildProcess) {
    this.child = child;
    child.stderr?.on('data', (bytes) => { this.written += String(bytes); });
  }

  /** Begins to publish; a key frame every second, or as seldom as is said. */
  static publishes(url: string, { codec = 'h264', keyFrameSeconds = 1 }: { codec?: EncodedAs; keyFrameSeconds?: number } = {}): Encoder {
    const { program, options } = CODECS[codec];
    const picture = `testsrc2=size=320x180:rate=${FRAMES_PER_SECOND},format=yuv420p`;
    const tone = 'sine=frequency=440:sample_rate=48000';
    return new Encoder(spawn(program(), [
      '-v', 'error', '-re', '-f', 'lavfi', '-i', picture, '-re', '-f', 'lavfi', '-i', tone,
      '-c:v', ...options, '-g', String(FRAMES_PER_SECOND * keyFrameSeconds),
      '-c:a', 'aac', '-f', 'flv', url,
    ], { stdio: ['ignore', 'ignore', 'pipe'] }));
  }

  get log(): string {
    return this.written;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }
}
