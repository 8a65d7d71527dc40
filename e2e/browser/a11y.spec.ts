// Everybody can use it: axe finds nothing serious in any theme, and a call needs no mouse.
import { seriousFindings } from '../harness/axe.ts';
import { checks } from '../harness/check_page.ts';
import { joinsMeeting, meet } from '../harness/meeting.ts';
import { NARROW_PHONE, type Person, PHONE, seeAndHearEachOther } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

const THEMES = ['dark', 'light', 'contrast'] as const;

/** Chooses a theme as the page itself remembers it. */
async function chooseTheme(person: Person, theme: string): Promise<void> {
  await person.page.addInitScript((chosen) => localStorage.setItem('parlor.theme', chosen), theme);
}

for (const theme of THEMES) {
  test(`axe finds nothing serious, theme ${theme}`, async ({ arrives, server, link }) => {
    const ana = await arrives('Ana');
    const bo = await arrives('Bo', PHONE);
    await chooseTheme(ana, theme);
    await chooseTheme(bo, theme);

    await test.step('home', async () => {
      await ana.page.goto(server.origin);
      await expect(ana.control('new-call')).toBeVisible();
      expect(await seriousFindings(ana.page)).toEqual([]);
    });
    await test.step('lobby', async () => {
      await ana.opens(link);
      expect(await seriousFindings(ana.page)).toEqual([]);
    });
    await test.step('alone in the room', async () => {
      await ana.joins();
      await ana.isToldThatTheCallIs('alone');
      expect(await seriousFindings(ana.page)).toEqual([]);
    });
    await test.step('call, with the chat open, and on a phone', async () => {
      await bo.opensAndJoins(link);
      await seeAndHearEachOther(ana, bo);
      await ana.writes('hello');
      for (const person of [ana, bo]) expect(await seriousFindings(person.page)).toEqual([]);
    });
    await test.step('check', async () => {
      await checks(ana, server.origin);
      expect(await seriousFindings(ana.page)).toEqual([]);
    });
  });

  test(`axe finds nothing serious in a meeting, and nothing is wider than a narrow phone, theme ${theme}`, async ({ arrives, link }) => {
    const [ana, bo, cy] = [await arrives('Ana', { viewport: { width: 760, height: 560 } }), await arrives('Bo', NARROW_PHONE), await arrives('Cy', NARROW_PHONE)];
    for (const person of [ana, bo, cy]) {
      await chooseTheme(person, theme);
      await joinsMeeting(person, link);
    }
    await meet([ana, bo, cy]);
    const passes = async (person: Person) => {
      expect(await seriousFindings(person.page)).toEqual([]);
      expect(await person.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `what hangs over the page of ${person.name}`).toBe(0);
    };
    for (const person of [ana, bo]) await passes(person);

    await test.step('with a shared screen and a raised hand', async () => {
      await ana.presses('share');
      await cy.control('more').click();
      await cy.control('more-hand').click();
      await expect(bo.control('remote-screen')).toBeVisible();
      await expect(ana.control('people-open')).toHaveAccessibleName('Show the people, 1 with a raised hand');
      for (const person of [ana, bo]) await passes(person);
    });
    await test.step('with the list of people', async () => {
      await ana.presses('people-open');
      await bo.control('people-count').click();
      for (const person of [ana, bo]) {
        await expect(person.control('people-panel')).toBeVisible();
        await passes(person);
      }
    });
  });
}

test('a whole call with nothing but the keyboard', async ({ arrives, server }) => {
  const ana = await arrives('Ana');
  const { page } = ana;
  await page.goto(server.origin);
  await ana.tabsTo('new-call');
  await page.keyboard.press('Enter');
  await expect(ana.control('join')).toBeVisible();
  await ana.tabsTo('name');
  await page.keyboard.type('Ana');
  await ana.tabsTo('join');
  await page.keyboard.press('Enter');
  await ana.isToldThatTheCallIs('alone');

  const bo = await arrives('Bo');
  await bo.opensAndJoins(page.url());
  await seeAndHearEachOther(ana, bo);
  await page.keyboard.press('m');
  await expect(bo.control('peer-muted')).toBeVisible();
  await page.keyboard.press('m');
  await expect(bo.control('peer-muted')).toBeHidden();
  await ana.tabsTo('hangup');
  await page.keyboard.press('Enter');
  await expect(ana.control('rejoin')).toBeVisible();
  await bo.isToldThatTheCallIs('alone');
});

test('keys do nothing that was not meant: no call ends by one letter, and letters can be switched off', async ({ arrives, link }) => {
  const ana = await arrives('Ana');
  const { page } = ana;
  await ana.opensAndJoins(link);
  await ana.isToldThatTheCallIs('alone');

  await test.step('a letter in the chat is a letter, and q alone ends nothing', async () => {
    await ana.presses('chat-open');
    await ana.control('chat-input').fill('');
    await ana.control('chat-input').press('m');
    await ana.control('chat-close').click();
    await page.keyboard.press('q');
    await page.keyboard.press('Shift+M');
    await expect(ana.control('mic')).toHaveAttribute('aria-pressed', 'false');
    await expect(ana.control('hangup')).toBeVisible();
  });
  await test.step('a choice in the menu gives the focus back to its button, also after a dialog', async () => {
    await ana.control('more').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('End');
    await expect(ana.control('shortcuts-open')).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(ana.control('shortcuts-dialog')).toBeVisible();
    await ana.control('letter-keys').uncheck();
    await page.keyboard.press('Escape');
    await expect(ana.control('more')).toBeFocused();
  });
  await test.step('switched off, letters do nothing; those with Ctrl still do', async () => {
    await page.keyboard.press('m');
    await page.keyboard.press('Shift+Q');
    await expect(ana.control('mic')).toHaveAttribute('aria-pressed', 'false');
    await page.keyboard.press('Control+d');
    await expect(ana.control('mic')).toHaveAttribute('aria-pressed', 'true');
  });
  await test.step('switched on again, Shift+Q leaves', async () => {
    await ana.presses('more');
    await ana.control('settings-open').click();
    await ana.control('letter-keys').check();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+Q');
    await expect(ana.control('rejoin')).toBeVisible();
  });
});

test('what a host does is said to everybody whom it concerns, one line after the other', async ({ couple: [ana, bo] }) => {
  await ana.presses('people-open');
  await ana.control('lock').click();
  await ana.control('person-more').click();
  await ana.control('person-mute').click();
  for (const words of ['Bo joined', 'The room is locked', 'Bo is muted']) await expect(ana.control('announcements')).toContainText(words);
  for (const words of ['The room is locked', 'Ana muted you', 'Your microphone is off']) await expect(bo.control('announcements')).toContainText(words);
  await expect(ana.control('person-more')).toBeFocused();
});
