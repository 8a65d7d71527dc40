// The test function of the browser suite: a server of its own for every test, one browser for all.
import { test as base, type Browser, type BrowserContextOptions } from '@playwright/test';

import { launchOnLoopback } from './browser.ts';
import { callByLink, Person } from './person.ts';
import { ParlorServer, type Settings } from './server.ts';

interface Options {
  /** Settings of the server on top of free ports. */
  settings: Settings;
}

interface Fixtures {
  server: ParlorServer;
  /** The link to a fresh room of that server. */
  link: string;
  /** A person comes to a computer (or a phone); gone after the test. */
  arrives: (name: string, device?: BrowserContextOptions) => Promise<Person>;
  /** The same with a browser of their own. In one browser the made-up cameras are one, and wait while another page opens theirs. */
  arrivesApart: (name: string, device?: BrowserContextOptions) => Promise<Person>;
  /** Ana and Bo, who are in a call at `link`. Ana was first. */
  couple: [Person, Person];
}

interface WorkerFixtures {
  chromium: Browser;
}

export const test = base.extend<Options & Fixtures, WorkerFixtures>({
  settings: [{}, { option: true }],

  server: async ({ settings }, use, info) => {
    const server = await ParlorServer.start(settings);
    await use(server);
    if (info.status !== info.expectedStatus) await info.attach('server.log', { body: server.log });
    await server.stop();
  },

  link: async ({ server }, use) => {
    await use(`${server.origin}/r/${roomId()}`);
  },

  arrives: async ({ chromium }, use) => {
    const people: Person[] = [];
    await use(async (name, device) => {
      const person = await Person.at(chromium, name, device);
      people.push(person);
      return person;
    });
    for (const person of people) await person.page.context().close();
  },

  arrivesApart: async ({}, use) => {
    const browsers: Browser[] = [];
    await use(async (name, device) => {
      const browser = await launchOnLoopback();
      browsers.push(browser);
      return Person.at(browser, name, device);
    });
    for (const browser of browsers) await browser.close();
  },

  couple: async ({ arrives, link }, use) => {
    const couple: [Person, Person] = [await arrives('Ana'), await arrives('Bo')];
    await callByLink(...couple, link);
    await use(couple);
  },

  chromium: [async ({}, use) => {
    const browser = await launchOnLoopback();
    await use(browser);
    await browser.close();
  }, { scope: 'worker' }],
});

/** A room name such as the client makes. */
function roomId(): string {
  return crypto.randomUUID().slice(0, 11);
}

export { expect } from '@playwright/test';
