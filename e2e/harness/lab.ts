// The network lab: hosts behind NATs and bad links, each a network namespace (lab/natlab.py says what kinds there are).
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { test as base, type Browser } from '@playwright/test';

import { launchIn } from './browser.ts';
import { Person } from './person.ts';
import { ParlorServer } from './server.ts';

const NATLAB = fileURLToPath(new URL('../lab/natlab.py', import.meta.url));
/** Prefix of the namespaces, so that this lab and one made by hand do not meet. */
const NAME = 'e2e';

/** The server's address on the lab's Internet. */
export const SERVER = '203.0.113.101';
export const ORIGIN = `https://${SERVER}`;

async function natlab(...words: string[]): Promise<string> {
  const done = await promisify(execFile)('python3', ['-B', NATLAB, '--name', NAME, ...words]);
  return done.stdout;
}

export class Lab {
  readonly server: ParlorServer;
  private readonly browsers: Browser[] = [];

  private constructor(server: ParlorServer) {
    this.server = server;
  }

  /** Builds the lab with these clients (natlab's words) and starts the server on its Internet. */
  static async up(...clients: string[]): Promise<Lab> {
    await natlab('down', '--kill'); // What an interrupted run left.
    await natlab('up', ...clients.flatMap((client) => ['--client', client]));
    return new Lab(await ParlorServer.startIn(`${NAME}-srv1`, {
      'http.listen': 'off',
      'https.listen': `${SERVER}:443`,
      'udp.listen': `${SERVER}:3478`,
      'turn.tcp_listen': `${SERVER}:3478`,
      'stun.second_listen': `${SERVER}:3479`,
      // The lab's Internet has addresses that are set apart for documentation, to which a relay would not send.
      'turn.allow_peers': ['203.0.113.0/24'],
    }));
  }

  /** A person with a browser on the lab's host of that name. */
  async personAt(host: string): Promise<Person> {
    const browser = await launchIn(`${NAME}-${host}`);
    this.browsers.push(browser);
    return Person.at(browser, host);
  }

  /** Gives a host's router another public address: every mapping dies, as when a phone leaves the Wi-Fi. */
  async changeNetworkOf(host: string): Promise<void> {
    await natlab('rewan', host);
  }

  /** Makes a host's access link better or worse. */
  async setLink(host: string, line: string): Promise<void> {
    await natlab('set', host, line);
  }

  async down(): Promise<void> {
    for (const browser of this.browsers) await browser.close();
    await this.server.stop();
    await natlab('down', '--kill');
  }
}

/** `build` makes the lab of a test; it is taken down afterwards. */
export const test = base.extend<{ build: (...clients: string[]) => Promise<Lab> }>({
  build: async ({}, use, info) => {
    let lab: Lab | undefined;
    await use(async (...clients) => (lab = await Lab.up(...clients)));
    if (lab && info.status !== info.expectedStatus) await info.attach('server.log', { body: lab.server.log });
    await lab?.down();
  },
});

export { expect } from '@playwright/test';
