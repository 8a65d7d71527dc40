// Hosts and guests: who lets in, who is muted, who has to go.
import { type Person, seeAndHearEachOther } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

/** Opens the list of people of a host. */
async function looksAtThePeople(host: Person): Promise<void> {
  await host.presses('people-open');
  await expect(host.control('people-panel')).toBeVisible();
}

test('a host refuses one, lets another in, mutes, lowers a hand, and removes', async ({ arrives, link }) => {
  const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
  await ana.opensAndJoins(link);
  await ana.isToldThatTheCallIs('alone');

  await test.step('Ana lets people in one by one: Cy is refused, and told so', async () => {
    await looksAtThePeople(ana);
    await ana.control('lobby').check();
    const cy = await arrives('Cy');
    await cy.opensAndJoins(link);
    await expect(cy.control('waiting')).toBeVisible();
    await expect(ana.control('waiting-list')).toContainText('Cy');
    await ana.control('deny').click();
    await expect(cy.control('door-denied')).toBeVisible();
  });

  await test.step('with the list closed, Ana refuses where she is told of the knock', async () => {
    await ana.presses('people-close');
    const cy = await arrives('Cy');
    await cy.opensAndJoins(link);
    await ana.control('notice-knock-otherwise').click();
    await expect(cy.control('door-denied')).toBeVisible();
    await expect(ana.control('notice-knock')).toBeHidden();
    await looksAtThePeople(ana);
  });

  await test.step('Bo waits, and is let in', async () => {
    await bo.opensAndJoins(link);
    await expect(bo.control('waiting')).toBeVisible();
    await ana.control('admit').click();
    await seeAndHearEachOther(ana, bo);
  });

  await test.step('Bo raises his hand, and Ana lowers it', async () => {
    await bo.presses('hand');
    await expect(ana.control('person-hand')).toContainText('1');
    await ana.control('lower-all').click();
    await expect(bo.control('notice-silenced')).toBeVisible();
    await expect(ana.control('person-hand')).toBeHidden();
    await bo.control('notice-silenced-action').click();
  });

  await test.step('Ana mutes Bo: he is told, she hears nothing until he unmutes himself', async () => {
    await ana.control('person-more').click();
    await ana.control('person-mute').click();
    await expect(bo.control('notice-silenced')).toContainText('Ana');
    await expect(ana.control('peer-muted')).toBeVisible();
    await ana.hearsNothing();
    await bo.control('notice-silenced-action').click();
    await ana.seesAndHears();
  });

  await test.step('a locked room lets nobody in; a removed member is told, and may not come back', async () => {
    await ana.control('lock').click();
    await expect(ana.control('lock')).toHaveAttribute('aria-pressed', 'true');
    const di = await arrives('Di');
    await di.opensAndJoins(link);
    await expect(di.control('door-locked')).toBeVisible();
    await ana.control('person-more').click();
    await ana.control('person-ban').click();
    await expect(ana.control('remove-dialog')).toContainText('Bo');
    await ana.page.keyboard.press('Escape');
    await expect(ana.control('remove-dialog')).toBeHidden();
    await expect(ana.control('person'), 'a second thought').toHaveCount(1);
    await ana.control('person-more').click();
    await ana.control('person-ban').click();
    await ana.control('remove-confirm').click();
    await expect(bo.control('removed')).toBeVisible();
    await ana.isToldThatTheCallIs('alone');
  });
});

test('a host ends the call for everybody', async ({ arrives, link }) => {
  const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
  await ana.opensAndJoins(link);
  await ana.isToldThatTheCallIs('alone');
  await bo.opensAndJoins(link);
  await seeAndHearEachOther(ana, bo);
  await looksAtThePeople(ana);
  await ana.control('end-for-all').click();
  await ana.control('end-confirm').click();
  for (const person of [ana, bo]) await expect(person.control('ended')).toBeVisible();
});

test('who reacts is seen to react, and what is written to one is marked so', async ({ arrives, link }) => {
  const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
  await ana.opensAndJoins(link);
  await ana.writes('Before you came');
  await bo.opensAndJoins(link);
  await seeAndHearEachOther(ana, bo);
  await bo.presses('react');
  await bo.control('react-heart').click();
  await expect(ana.control('reaction')).toHaveAttribute('data-reaction', 'heart');
  await expect(ana.control('announcements')).toContainText('Bo reacts: Heart');
  await bo.page.keyboard.press('Escape');
  await bo.reads('Before you came');
});
