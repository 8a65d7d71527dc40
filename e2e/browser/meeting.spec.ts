// Three people and more: the media server carries them, and nobody notices when it begins and ends.
import { gapAtTheTurn, hears, isInMeeting, isToldTheWay, joinsMeeting, meet, sees, showsBy } from '../harness/meeting.ts';
import { look } from '../harness/observer.ts';
import { type Person, seeAndHearEachOther } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

/** A small window: three encoders and six decoders share two cores. */
const SMALL = { viewport: { width: 760, height: 560 } };
/** A picture that stands still for longer is noticed. */
const FREEZE_MS_MAX = 500;
/** The room stays with the server for 5 s when two remain. */
const SETTLE_MS = 20_000;
/** Clients come back one after the other, with growing pauses. */
const RESTART_MS = 45_000;

async function threeIn(link: string, arrives: (name: string, device?: object) => Promise<Person>): Promise<[Person, Person, Person]> {
  const people: [Person, Person, Person] = [await arrives('Ana', SMALL), await arrives('Bo', SMALL), await arrives('Cy', SMALL)];
  for (const person of people) await joinsMeeting(person, link);
  return people;
}

test('a third joins and leaves: nobody’s picture stops at the turn to the server and back', async ({ arrives, link }) => {
  const [ana, bo, cy] = [await arrives('Ana', SMALL), await arrives('Bo', SMALL), await arrives('Cy', SMALL)];
  for (const person of [ana, bo]) await joinsMeeting(person, link);
  await seeAndHearEachOther(ana, bo);
  await showsBy(ana, 'Bo', 'direct');
  await cy.opens(link);

  await test.step('Cy joins: all three see and hear each other, through the server', async () => {
    await cy.joins();
    await isInMeeting(cy);
    for (const person of [ana, bo, cy]) await isToldTheWay(person, 'sfu');
    await showsBy(ana, 'Bo', 'server');
    await meet([ana, bo, cy]);
  });
  for (const [person, other] of [[ana, bo], [bo, ana]] as const) {
    expect(await gapAtTheTurn(person, other.name), `${other.name} stands still for ${person.name} at the turn to the server`).toBeLessThan(FREEZE_MS_MAX);
  }

  await test.step('Cy leaves: the two talk directly again', async () => {
    await cy.presses('hangup');
    await isToldTheWay(ana, 'p2p', SETTLE_MS);
    await showsBy(ana, 'Bo', 'direct');
    for (const [person, other] of [[ana, bo], [bo, ana]] as const) await sees(person, other.name);
    for (const person of [ana, bo]) await hears(person, 1);
  });
  for (const [person, other] of [[ana, bo], [bo, ana]] as const) {
    expect(await gapAtTheTurn(person, other.name), `${other.name} stands still for ${person.name} at the turn back`).toBeLessThan(FREEZE_MS_MAX);
  }
});

test('three share, pin, mute and remove', async ({ arrives, link }) => {
  const [ana, bo, cy] = await threeIn(link, arrives);
  await meet([ana, bo, cy]);

  await test.step('Ana shares her screen: both see it beside the faces', async () => {
    await ana.presses('share');
    for (const person of [bo, cy]) {
      await expect(person.control('remote-screen')).toBeVisible();
      await expect.poll(async () => (await look(person.page, '[data-testid=remote-screen]')).width, { message: `${person.name} sees the screen` }).toBeGreaterThan(0);
      await sees(person, 'Ana');
    }
    await ana.presses('share-stop');
    await expect(bo.control('remote-screen')).toBeHidden();
  });

  await test.step('Bo makes Cy large, and gets the large picture; Ana’s small tile gets a small one', async () => {
    await bo.page.getByRole('article', { name: 'Cy', exact: true }).dblclick();
    await expect(bo.page.locator('.large-face')).toContainText('Cy');
    await sees(bo, 'Cy');
    await expect(bo.page.getByRole('article', { name: 'Ana', exact: true })).toHaveAttribute('data-layer', 'q');
    await expect(bo.page.getByRole('article', { name: 'Cy', exact: true })).not.toHaveAttribute('data-layer', 'q');
    await bo.page.getByRole('article', { name: 'Cy', exact: true }).dblclick();
  });

  await test.step('Ana, the host, mutes Cy at the server', async () => {
    await ana.presses('people-open');
    const row = ana.page.getByTestId('person').filter({ hasText: 'Cy' });
    await row.getByTestId('person-more').click();
    await ana.control('person-mute').click();
    await expect(cy.control('notice-silenced')).toContainText('Ana');
    await hears(bo, 1);
    await cy.control('notice-silenced-action').click();
    await hears(bo, 2);
  });

  await test.step('Ana removes Cy, who is told', async () => {
    const row = ana.page.getByTestId('person').filter({ hasText: 'Cy' });
    await row.getByTestId('person-more').click();
    await ana.control('person-remove').click();
    await expect(cy.control('removed')).toBeVisible();
    await sees(ana, 'Bo');
  });
});

test('who loses the server for a moment keeps the picture, and one who reloads comes back', async ({ arrives, link }) => {
  const [ana, bo, cy] = await threeIn(link, arrives);
  await meet([ana, bo, cy]);
  await cy.page.reload();
  await isInMeeting(cy);
  await meet([ana, bo, cy]);
});

test('the server restarts in the middle of a meeting: all three are back by themselves, and the host is the host', async ({ arrives, link, server }) => {
  const people = await threeIn(link, arrives);
  const [ana, bo] = people;
  await meet(people);
  await ana.writes('before');
  await server.end();
  await expect(ana.control('notice-server')).toBeVisible();
  await server.run();
  for (const person of people) await isToldTheWay(person, 'sfu', RESTART_MS);
  await meet(people);
  await bo.writes('after');
  await ana.reads('after');
});
