// A page that runs a program built on the client library instead of the application.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Browser, BrowserContext, Page } from '@playwright/test';

const WEB = fileURLToPath(new URL('../../web', import.meta.url));
const PATH = '/program.js';

/** What the page of a program has done over its data channels and its WebSocket. */
export interface Ways {
  /** Messages that were sent over data channels, by label. */
  sent: Record<string, number>;
  /** Messages that came over data channels. */
  received: number;
}

interface ProgramWindow extends Window {
  program: { heard: { data: unknown; uid: string }[]; say: (topic: string, data: unknown, lossy: boolean) => boolean };
  ways: Ways;
}

export class ProgramPage {
  /** Commands `data` that came by signalling. */
  signalled = 0;
  private readonly context: BrowserContext;
  private readonly page: Page;

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        if (String(payload).includes('"cmd":"data"')) this.signalled++;
      });
    });
  }

  /** Opens a page of the server at `origin` and has the program join `room`. */
  static async open(browser: Browser, origin: string, room: string, name: string, topic: string): Promise<ProgramPage> {
    const context = await browser.newContext();
    await context.addInitScript(() => {
      const ways: Ways = { sent: {}, received: 0 };
      (window as unknown as ProgramWindow).ways = ways;
      const create = RTCPeerConnection.prototype.createDataChannel;
      RTCPeerConnection.prototype.createDataChannel = function (label, init) {
        const channel = create.call(this, label, init);
        const send = channel.send.bind(channel) as (message: string) => void;
        channel.send = (message: unknown) => {
          ways.sent[label] = (ways.sent[label] ?? 0) + 1;
          send(message as string);
        };
        channel.addEventListener('message', () => ways.received++);
        return channel;
      };
    });
    const program = await bundle();
    await context.route(`${origin}${PATH}`, (route) => route.fulfill({ contentType: 'text/javascript', body: program }));
    const opened = new ProgramPage(context, await context.newPage());
    await opened.page.goto(`${origin}/`);
    await opened.page.evaluate(async ([path, ...words]) => {
      const { Program } = (await import(path)) as { Program: { enter: (...words: string[]) => Promise<ProgramWindow['program']> } };
      (window as unknown as ProgramWindow).program = await Program.enter(...words);
    }, [PATH, room, name, topic] as [string, string, string, string]);
    return opened;
  }

  say(topic: string, data: unknown, lossy = false): Promise<boolean> {
    return this.page.evaluate(([about, what, soon]) => (window as unknown as ProgramWindow).program.say(about, what, soon), [topic, data, lossy] as const);
  }

  /** As `say`, a `Uint8Array`. */
  sayBytes(topic: string, bytes: number[], lossy = false): Promise<boolean> {
    return this.page.evaluate(([about, what, soon]) => (window as unknown as ProgramWindow).program.say(about, Uint8Array.from(what), soon), [topic, bytes, lossy] as const);
  }

  /** What it has heard, in order; a `Uint8Array` is `{ bytes }` here. */
  heard(): Promise<unknown[]> {
    return this.page.evaluate(() => (window as unknown as ProgramWindow).program.heard.map(({ data }) => (data instanceof Uint8Array ? { bytes: [...data] } : data)));
  }

  ways(): Promise<Ways> {
    return this.page.evaluate(() => (window as unknown as ProgramWindow).ways);
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

/** The program and what it needs of the library, in one module. */
async function bundle(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'parlor-program-'));
  const file = join(directory, 'program.js');
  await promisify(execFile)(join(WEB, 'node_modules/.bin/rolldown'), ['src/lib/testing/program.ts', '--format', 'esm', '--platform', 'browser', '--file', file], { cwd: WEB });
  const code = await readFile(file, 'utf8');
  await rm(directory, { recursive: true });
  return code;
}
