// The real server, as a user starts it: the binary, settings on its command line, a data directory of its own.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePorts, type Ports } from './ports.ts';
import { waitUntil } from './wait_until.ts';

export type Settings = Record<string, string | number | boolean | string[] | Record<string, string>>;

/** How long a graceful stop may take. */
const STOP_MS = 5_000;
const START_MS = 15_000;

const BINARY = process.env.E2E_PARLOR ?? fileURLToPath(new URL('../../target/debug/parlor', import.meta.url));

export class ParlorServer {
  readonly ports: Ports;
  private readonly settings: Settings;
  private readonly dataDir: string;
  private readonly netns: string | undefined;
  private child: ChildProcess | undefined;
  private written = '';

  private constructor(ports: Ports, settings: Settings, dataDir: string, netns: string | undefined) {
    this.ports = ports;
    this.settings = settings;
    this.dataDir = dataDir;
    this.netns = netns;
  }

  /** Starts on free loopback ports with `settings` on top. */
  static async start(settings: Settings = {}): Promise<ParlorServer> {
    const ports = await freePorts();
    const listen = (port: number) => `127.0.0.1:${port}`;
    const server = new ParlorServer(ports, {
      'http.listen': listen(ports.http),
      'https.listen': listen(ports.https),
      'udp.listen': listen(ports.turn),
      'turn.tcp_listen': listen(ports.turn),
      'stun.second_listen': listen(ports.stunSecond),
      'compat.listen': listen(ports.compat),
      'live.rtmp_listen': listen(ports.rtmp),
      ...settings,
    }, await mkdtemp(join(tmpdir(), 'parlor-e2e-')), undefined);
    await server.run();
    return server;
  }

  /** Starts on a host of the network lab, on the ports that a server on the Internet has. */
  static async startIn(netns: string, settings: Settings): Promise<ParlorServer> {
    const ports = { http: 80, https: 443, turn: 3478, stunSecond: 3479, compat: 8099, rtmp: 1935 };
    const server = new ParlorServer(ports, settings, await mkdtemp(join(tmpdir(), 'parlor-e2e-')), netns);
    await server.run();
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  get secureOrigin(): string {
    return `https://127.0.0.1:${this.ports.https}`;
  }

  /** The process that serves. */
  get pid(): number {
    const pid = this.child?.pid;
    if (pid === undefined) throw new Error('the server does not run');
    return pid;
  }

  /** Where encoders publish a stream by RTMP. */
  rtmpUrl(stream: string, app = 'live'): string {
    return `rtmp://127.0.0.1:${this.ports.rtmp}/${app}/${stream}`;
  }

  /** What the server has written so far. */
  get log(): string {
    return this.written;
  }

  /** Starts the process and waits until it answers. */
  async run(): Promise<void> {
    const command = [...this.inNamespace(), BINARY, 'serve', ...this.sets()];
    const child = spawn(command[0] as string, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => { this.written += String(bytes); });
    await waitUntil(START_MS, 'the server answers', async () => {
      if (child.exitCode !== null) throw new Error(`the server ended with exit code ${child.exitCode}:\n${this.written}`);
      return this.answers();
    }).catch((error: unknown) => { throw new Error(`${String(error)}\n${this.written}`); });
  }

  /** A token for a room, made by the command that operators use, with the settings of this server. */
  async token(room: string): Promise<string> {
    const { stdout } = await promisify(execFile)(BINARY, ['token', '--room', room, ...this.sets()]);
    return stdout.trim();
  }

  /** The link to the page of the operator, made by the command that operators use. */
  async adminLink(): Promise<string> {
    const { stdout } = await promisify(execFile)(BINARY, ['admin', ...this.sets()]);
    return stdout.trim();
  }

  /** Stops as an operator does, and demands a clean end. */
  async stop(): Promise<void> {
    await this.end();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Ends the process; its data directory stays, so that `run` starts the same server again. */
  async end(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child) return;
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server had ended by itself (${child.exitCode ?? child.signalCode}):\n${this.written}`);
    }
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const limit = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const code = await ended;
    clearTimeout(limit);
    if (code !== 0) throw new Error(`the server did not stop cleanly within ${STOP_MS} ms (exit code ${code}):\n${this.written}`);
  }

  private sets(): string[] {
    return Object.entries({ ...this.settings, 'data.dir': this.dataDir }).flatMap(([key, value]) => ['--set', `${key}=${toml(value)}`]);
  }

  private async answers(): Promise<boolean> {
    const url = this.netns ? 'https://203.0.113.101/healthz' : `${this.origin}/healthz`;
    const ask = `process.env.NODE_TLS_REJECT_UNAUTHORIZED='0';process.removeAllListeners('warning');`
      + `fetch(${JSON.stringify(url)}).then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))`;
    if (!this.netns) return fetch(url).then((response) => response.ok, () => false);
    const [program, ...rest] = [...this.inNamespace(), process.execPath, '-e', ask];
    return promisify(execFile)(program as string, rest).then(() => true, () => false);
  }

  private inNamespace(): string[] {
    return this.netns ? ['ip', 'netns', 'exec', this.netns] : [];
  }
}

/** A value as TOML writes it. */
function toml(value: Settings[string]): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
  return `{ ${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)} = ${JSON.stringify(item)}`).join(', ')} }`;
}
