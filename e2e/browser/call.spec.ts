// A call as two people live it, on computers and on phones.
import { look } from '../harness/observer.ts';
import { DESKTOP, PHONE, type Person, seeAndHearEachOther } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

for (const [device, shape] of [['computers', DESKTOP], ['phones', PHONE]] as const) {
  test(`two people on ${device} talk, write, mute, share, leave and come back`, async ({ arrives, link }) => {
    const ana = await arrives('Ana', shape);
    const bo = await arrives('Bo', shape);

    await test.step('Ana is alone until Bo comes', async () => {
      await ana.opensAndJoins(link);
      await ana.isToldThatTheCallIs('alone');
      await bo.opensAndJoins(link);
      await seeAndHearEachOther(ana, bo);
      for (const person of [ana, bo]) await person.isToldThatTheCallIs('connected');
    });

    await test.step('they write to each other', async () => {
      await ana.writes('Hello, Bo <b>!</b>');
      await bo.reads('Hello, Bo <b>!</b>');
      await bo.writes('你好');
      await ana.reads('你好');
      for (const person of [ana, bo]) await person.closesChat();
    });

    await test.step('Ana mutes herself: Bo sees it, and hears nothing until she unmutes', async () => {
      await ana.presses('mic');
      await expect(bo.control('peer-muted')).toBeVisible();
      await bo.hearsNothing();
      await ana.presses('mic');
      await expect(bo.control('peer-muted')).toBeHidden();
      await bo.seesAndHears();
    });

    await test.step('Bo hangs up and Ana is alone; he rejoins and they talk again', async () => {
      await bo.presses('hangup');
      await expect(bo.control('rejoin')).toBeVisible();
      await ana.isToldThatTheCallIs('alone');
      await bo.control('rejoin').click();
      if (await bo.control('join').isVisible()) await bo.joins();
      await seeAndHearEachOther(ana, bo);
    });
  });
}

test('Ana shares her screen: Bo sees it large, and her face again afterwards', async ({ couple: [ana, bo] }) => {
  await ana.presses('share');
  await expect(bo.control('remote-screen')).toBeVisible();
  await expect.poll(async () => (await look(bo.page, '[data-testid=remote-screen]')).width, { message: 'Bo sees the screen' }).toBeGreaterThan(0);
  await expect(ana.control('sharing'), 'Ana sees that she shares').toBeVisible();
  expect(await overlap(ana, 'sharing', 'remote-tile'), 'it covers nobody').toBe(0);
  await seeAndHearEachOther(ana, bo);

  await ana.presses('share-stop');
  await expect(bo.control('remote-screen')).toBeHidden();
  await seeAndHearEachOther(ana, bo);
});

test('a camera that is switched off leaves a name, and comes back', async ({ couple: [ana, bo] }) => {
  await ana.presses('camera');
  await expect(bo.control('peer-camera-off')).toBeVisible();
  await expect(bo.control('remote-video')).toBeHidden();
  await expect(bo.control('peer-name')).toHaveText('Ana');
  await ana.presses('camera');
  await bo.seesAndHears();
});

test.describe('in a room for two', () => {
  test.use({ settings: { 'limits.members': 2 } });

  test('a third person is told that the room is full and opens a new one; nobody is disturbed', async ({ couple: [ana, bo], arrives, link }) => {
    const cy = await arrives('Cy');
    await cy.opensAndJoins(link);
    await expect(cy.control('room-full')).toBeVisible();
    await seeAndHearEachOther(ana, bo);
    await cy.control('room-full').getByTestId('new-call').click();
    await expect(cy.control('join')).toBeVisible();
    expect(cy.page.url()).not.toBe(link);
    await cy.joins();
    await cy.isToldThatTheCallIs('alone');
  });
});

test('from the home page: a new call, its code typed by the other', async ({ arrives, server }) => {
  const ana = await arrives('Ana');
  await ana.page.goto(server.origin);
  await ana.control('new-call').click();
  await expect(ana.control('join')).toBeVisible();
  const code = new URL(ana.page.url()).pathname.split('/').at(-1) ?? '';
  expect(code).toMatch(/^[a-z]{3}-[a-z]{4}-[a-z]{3}$/);
  await ana.joins();

  const bo = await arrives('Bo');
  await bo.page.goto(server.origin);
  await bo.control('join-code').fill(code);
  await bo.page.keyboard.press('Enter');
  await expect(bo.control('join')).toBeVisible();
  await bo.joins();
  await seeAndHearEachOther(ana, bo);
});

test('one person alone calls herself with ?debug=loopback', async ({ arrives, link }) => {
  const ana = await arrives('Ana');
  await ana.opensAndJoins(`${link}?debug=loopback`);
  await ana.seesAndHears();
});

test('what is written while the chat is closed shows for a moment, and a press opens the chat', async ({ couple: [ana, bo] }) => {
  await bo.writes('Look at page three');
  await expect(ana.control('chat-preview')).toContainText('Look at page three');
  await expect(ana.control('announcements').getByText('Look at page three'), 'said once').toHaveCount(1);
  await ana.control('chat-preview').click();
  await expect(ana.control('chat-input')).toBeVisible();
  await expect(ana.control('chat-preview')).toBeHidden();
  await bo.writes('And at four');
  await ana.reads('And at four');
  await expect(ana.control('chat-preview'), 'who reads the chat needs no preview').toBeHidden();
});

test('the clock tells how long the meeting has lasted, also to who loads the page again', async ({ couple: [ana, bo] }) => {
  const secondsOf = async (person: Person) => {
    const [minutes, seconds] = ((await person.control('clock').textContent()) ?? '').split(':').map(Number);
    return (minutes ?? NaN) * 60 + (seconds ?? NaN);
  };
  await expect.poll(() => secondsOf(bo), { timeout: 20_000 }).toBeGreaterThanOrEqual(5);
  await bo.page.reload();
  await expect(bo.control('clock')).toBeVisible();
  expect(await secondsOf(bo)).toBeGreaterThanOrEqual(5);
  expect(Math.abs((await secondsOf(bo)) - (await secondsOf(ana)))).toBeLessThanOrEqual(2);
});

/** By how many pixels two elements of the page lie over each other. */
async function overlap(person: Person, one: string, other: string): Promise<number> {
  const [here, there] = await Promise.all([one, other].map((id) => person.control(id).first().boundingBox()));
  if (!here || !there) throw new Error(`${one} or ${other} is not on the page`);
  const width = Math.min(here.x + here.width, there.x + there.width) - Math.max(here.x, there.x);
  const height = Math.min(here.y + here.height, there.y + there.height) - Math.max(here.y, there.y);
  return Math.max(0, width) * Math.max(0, height);
}
