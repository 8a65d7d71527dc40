// Three people and more, whom the media server carries.
import { hears, isInMeeting, isToldTheWay, joinsMeeting, meet, sees } from '../harness/meeting.ts';
import { look } from '../harness/observer.ts';
import type { Person } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

/** A small window: three encoders and six decoders share two cores. */
const SMALL = { viewport: { width: 760, height: 560 } };
/** Clients come back one after the other, with growing pauses. */
const RESTART_MS = 45_000;

async function threeIn(link: string, arrives: (name: string, device?: object) => Promise<Person>): Promise<[Person, Person, Person]> {
  const people: [Person, Person, Person] = [await arrives('Ana', SMALL), await arrives('Bo', SMALL), await arrives('Cy', SMALL)];
  for (const person of people) await joinsMeeting(person, link);
  return people;
}

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
    const element = await bo.page.getByRole('article', { name: 'Cy', exact: true }).locator('video').elementHandle();
    await bo.page.getByRole('article', { name: 'Cy', exact: true }).dblclick();
    await expect(bo.page.locator('.large-face')).toContainText('Cy');
    const moved = await element?.evaluate((video) => ({ large: video.closest('.large-face') !== null, paused: (video as HTMLVideoElement).paused }));
    expect(moved, 'the picture moves as it is: one that is made anew shows nothing at first').toEqual({ large: true, paused: false });
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
    await ana.control('remove-confirm').click();
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
