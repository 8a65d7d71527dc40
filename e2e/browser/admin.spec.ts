// Whoever looks after the server sees what it does, and ends what should end.
import type { Page } from '@playwright/test';

import { seriousFindings } from '../harness/axe.ts';
import { PHONE, seeAndHearEachOther } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

const THEMES = ['dark', 'light', 'contrast'] as const;

test.use({ settings: { 'rooms.topology': 'sfu' } });

/** Nothing is wider than the screen: tables scroll by themselves. Charts have all their words. */
async function fits(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  expect(await page.evaluate(() => {
    const drawn = [...document.querySelectorAll<SVGTextElement>('.chart svg text')];
    const beyond = drawn.filter((text) => {
      const { x, width } = text.getBBox();
      return x + width > (text.ownerSVGElement?.viewBox.baseVal.width ?? 0);
    });
    return beyond.map((text) => text.textContent);
  }), 'words of charts that are cut').toEqual([]);
}

test('the operator opens the link of parlor admin, sees two in a room with all that flows, mutes one and ends it', async ({ arrives, server, link }) => {
  const [ana, bo, operator] = [await arrives('Ana'), await arrives('Bo'), await arrives('Operator', PHONE)];
  for (const person of [ana, bo]) await person.opensAndJoins(link);
  await seeAndHearEachOther(ana, bo);
  const { page } = operator;

  await test.step('without a token there is only the way to one', async () => {
    await page.goto(`${server.origin}/admin`);
    await expect(operator.control('admin-sign-in')).toBeVisible();
    await operator.control('admin-token').fill('a.b.c');
    await operator.control('admin-submit').click();
    await expect(page.getByRole('alert')).toContainText('not accepted');
    expect(await seriousFindings(page)).toEqual([]);
  });

  await test.step('the link signs in, and leaves nothing in the address', async () => {
    await page.goto(await server.adminLink());
    await expect(operator.control('admin-rooms')).toHaveText('1');
    await expect(operator.control('admin-members')).toHaveText('2');
    await expect(operator.control('admin-connections')).toHaveText('2');
    expect(page.url()).not.toContain('token');
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('ey');
    await expect(operator.control('admin-worker').first()).toHaveAttribute('data-state', 'well');
    await expect(operator.control('admin-chart-media').locator('.chart-latest')).toContainText(/out [1-9]/);
    await fits(page);
    expect(await seriousFindings(page)).toEqual([]);
  });

  await test.step('the room shows both, their layers and what they are sent', async () => {
    await operator.control('admin-room').click();
    await expect(operator.control('admin-member')).toHaveCount(2);
    await expect(operator.control('admin-room-mode')).toHaveText('through the server');
    const first = operator.control('admin-member').first();
    // Which layers a busy browser makes is its own affair.
    await expect(first.locator('[data-testid=admin-layer][data-state=on]').filter({ hasText: 'camera' }).first()).toBeVisible();
    await expect(first.getByTestId('admin-slot').filter({ hasText: 'camera' })).toHaveAttribute('data-state', 'live');
    await expect(first.getByTestId('admin-chart-estimate').locator('.chart-latest')).toContainText(/fits [1-9]/);
    await expect(first.getByTestId('admin-chart-layers').locator('path.chart-band').first()).toHaveAttribute('d', /L/);
    await fits(page);
    // Colours that change slowly are measured in between.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    for (const theme of THEMES) {
      await page.evaluate((chosen) => { document.documentElement.dataset.theme = chosen; }, theme);
      expect(await seriousFindings(page), theme).toEqual([]);
    }
  });

  await test.step('Bo’s microphone is muted, once it is confirmed', async () => {
    const member = operator.control('admin-member').filter({ has: page.getByRole('heading', { name: 'Bo', exact: true }) });
    await member.getByTestId('admin-mute-microphone').click();
    await operator.control('admin-do').click();
    await expect(member.getByTestId('admin-layer').filter({ hasText: 'microphone' })).toContainText('muted');
    await expect(bo.control('notice-silenced')).toBeVisible();
  });

  await test.step('the tab stays signed in when it is loaded again, and the room ends for both', async () => {
    await page.reload();
    await operator.control('admin-end').click();
    await operator.control('admin-do').click();
    for (const person of [ana, bo]) await expect(person.control('ended')).toBeVisible();
    await expect(operator.control('admin-rooms')).toHaveText('0');
  });

  await test.step('signed out, the page knows nothing any more', async () => {
    await operator.control('admin-sign-out').click();
    await page.reload();
    await expect(operator.control('admin-sign-in')).toBeVisible();
  });
});
