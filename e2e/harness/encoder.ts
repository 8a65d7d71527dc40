// An encoder of somebody else's: ffmpeg publishes a picture that moves and a tone, by RTMP.
import { type ChildProcess, spawn } from 'node:child_process';

const FRAMES_PER_SECOND = 25;

export class Encoder {
  private readonly child: ChildProcess;
  private written = '';

  private constructor(child: ChildProcess) {
    this.child = child;
    child.stderr?.on('data', (bytes) => { this.written += String(bytes); });
  }

  /** Begins to publish; a key frame every second, or as seldom as is said. */
  static publishes(url: string, keyFrameSeconds = 1): Encoder {
    const picture = `testsrc2=size=320x180:rate=${FRAMES_PER_SECOND},format=yuv420p`;
    const tone = 'sine=frequency=440:sample_rate=48000';
    return new Encoder(spawn('ffmpeg', [
      '-v', 'error', '-re', '-f', 'lavfi', '-i', picture, '-re', '-f', 'lavfi', '-i', tone,
      '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-bf', '0', '-g', String(FRAMES_PER_SECOND * keyFrameSeconds),
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
