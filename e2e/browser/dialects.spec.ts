// Pages that were written for other servers find theirs here: AppRTC's, and that of SRS's demos. Each is written from its contract alone.
import { ForeignSite } from '../harness/foreign_site.ts';
import { Student } from '../harness/student.ts';
import { expect, test as base } from '../harness/test.ts';

/** Somebody at a page of this folder. */
type Guest = (folder: 'apprtc_page' | 'srs_page') => Promise<Student>;

const test = base.extend<{ guest: Guest }>({
  // The pages come from origins of their own, which the operator allows.
  settings: { 'origin.allow': ['*'] },

  guest: async ({ chromium, server }, use) => {
    const [sites, guests]: [ForeignSite[], Student[]] = [[], []];
    await use(async (folder) => {
      const site = await ForeignSite.serve(folder, { SERVER_URL: server.origin });
      sites.push(site);
      const guest = await Student.at(chromium, site.url, 'ready');
      guests.push(guest);
      return guest;
    });
    for (const guest of guests) await guest.closes();
    for (const site of sites) await site.close();
  },
});

test('two pages of AppRTC call each other, one hangs up and comes back, a third finds the room full', async ({ guest }) => {
  const [one, two, three] = [await guest('apprtc_page'), await guest('apprtc_page'), await guest('apprtc_page')];
  await one.joins('r1');
  await two.joins('r1');
  for (const guest of [one, two]) await guest.seesAndHears();

  await three.joins('r1');
  await expect.poll(() => three.page.evaluate(() => (globalThis as unknown as { strange: string[] }).strange)).toEqual(['FULL']);

  await one.leaves();
  await two.isAlone();
  await one.joins('r1');
  for (const guest of [one, two]) await guest.seesAndHears();
  for (const guest of [one, two]) await guest.understoodEverything();
});

test('a page of AppRTC waits and a person with our client comes', async ({ guest, arrives, server }) => {
  const waiting = await guest('apprtc_page');
  await waiting.joins('r2');
  const ana = await arrives('Ana');
  await ana.opensAndJoins(`${server.origin}/r/r2`);
  await Promise.all([waiting.seesAndHears(), ana.seesAndHears()]);
  await waiting.understoodEverything();
});

test('a person with our client waits and a page of AppRTC comes, hangs up and comes again', async ({ guest, arrives, server }) => {
  const ana = await arrives('Ana');
  await ana.opensAndJoins(`${server.origin}/r/r3`);
  await ana.isToldThatTheCallIs('alone');
  const late = await guest('apprtc_page');
  await late.joins('r3');
  await Promise.all([late.seesAndHears(), ana.seesAndHears()]);

  await late.leaves();
  await ana.isToldThatTheCallIs('alone');
  await late.joins('r3');
  await Promise.all([late.seesAndHears(), ana.seesAndHears()]);
  await late.understoodEverything();
});

test('two pages of SRS publish, find each other and see each other', async ({ guest }) => {
  const [one, two] = [await guest('srs_page'), await guest('srs_page')];
  await one.joins('room1');
  await expect.poll(() => one.page.evaluate(() => globalThis.observedConnections.at(-1)?.connectionState)).toBe('connected');
  await two.joins('room1');
  for (const guest of [one, two]) await guest.seesAndHears();
  const heard = await one.page.evaluate(() => (globalThis as unknown as { heard: string[][] }).heard);
  expect(heard.map(([call]) => call)).toEqual(['hello']);

  await two.leaves();
  await one.isAlone();
  await two.joins('room1');
  for (const guest of [one, two]) await guest.seesAndHears();
  for (const guest of [one, two]) await guest.understoodEverything();
});
