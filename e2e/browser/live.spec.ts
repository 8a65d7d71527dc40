// Live streams in a browser, without a page of ours: WHIP and WHEP, and the JSON of SRS's clients.
import { ends, observe, plays, publishes } from '../harness/live.ts';
import { look } from '../harness/observer.ts';
import type { Person } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

/** Pictures that must come, one after the other. */
const FRAMES = 20;
/** Enough for a publisher who goes to be noticed by his silence. */
const LONG = { timeout: 45_000 };

async function sees(person: Person, since = 0): Promise<void> {
  await expect.poll(async () => (await observe(person.page)).frames, { message: `${person.name} sees`, ...LONG }).toBeGreaterThan(since + FRAMES);
  await expect.poll(async () => (await look(person.page, 'video')).deviation, `${person.name} sees something`).toBeGreaterThan(4);
}

test('one publishes, others play before and after, by WHIP and WHEP', async ({ arrives, server }) => {
  const [ana, bo, cy] = [await arrives('Ana'), await arrives('Bo'), await arrives('Cy')];
  for (const person of [ana, bo, cy]) await person.page.goto(`${server.origin}/healthz`);
  await plays(bo.page, '/whep/live/browser', 'sdp');
  await publishes(ana.page, '/whip/live/browser', 'sdp');
  await plays(cy.page, '/rtc/v1/whep/?app=live&stream=browser', 'sdp');
  for (const person of [bo, cy]) {
    await sees(person);
    const { tracks } = await observe(person.page);
    expect(tracks, 'sound and pictures are one stream').toBe(2);
    await expect.poll(async () => (await observe(person.page)).soundPackets, `${person.name} gets sound`).toBeGreaterThan(FRAMES);
  }
  await test.step('Ana goes and comes back: they see her again without another offer', async () => {
    await ends(ana.page);
    const before = (await observe(bo.page)).frames;
    await publishes(ana.page, '/rtc/v1/whip/?app=live&stream=browser', 'sdp');
    await sees(bo, before);
  });
});

test('one publishes and another plays, by the JSON of SRS’s clients', async ({ arrives, server }) => {
  const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
  for (const person of [ana, bo]) await person.page.goto(`${server.origin}/healthz`);
  await publishes(ana.page, '/rtc/v1/publish/', 'json');
  await plays(bo.page, '/rtc/v1/play/', 'json');
  await sees(bo);
});
