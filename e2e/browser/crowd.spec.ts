// A room of five hundred, as one sees it who is in it with a browser.
import type { Browser } from '@playwright/test';

import { isInMeeting } from '../harness/meeting.ts';
import { expect, test } from '../harness/test.ts';

/** All but the one at the browser. A browser opens at most 255 WebSockets to one server, so they come from several. */
const OTHERS = 499;
const PER_BROWSER = 250;

test.use({ settings: { 'limits.joins_burst': 600, 'limits.connections_per_address': 0, 'limits.tcp_connections_per_address': 0 } });

/** So many members without media join, and stay as long as the page is there. */
async function join(browser: Browser, link: string, names: readonly string[]): Promise<void> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(new URL('/check', link).href);
  await page.evaluate(
    ([room, all]) =>
      Promise.all(
        all.map(
          (name) =>
            new Promise((resolve, reject) => {
              const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/ws`);
              socket.onopen = () => socket.send(JSON.stringify({ cmd: 'join', v: 2, id: '1', roomId: room, name, caps: ['media'], state: { audio: false, video: false, screen: false } }));
              socket.onclose = ({ reason }) => reject(new Error(`closed: ${reason}`));
              socket.onmessage = ({ data }) => {
                const { cmd, message } = JSON.parse(data);
                if (cmd === 'joined') resolve(undefined);
                else if (cmd === 'error') reject(new Error(message));
              };
            }),
        ),
      ),
    [new URL(link).pathname.split('/').at(-1) ?? '', names] as const,
  );
}

test('the list of five hundred people opens, is searched, and is walked with the keyboard', async ({ arrives, chromium, link }) => {
  test.slow();
  const ana = await arrives('Ana');
  await ana.opensAndJoins(link);
  await isInMeeting(ana);
  const names = Array.from({ length: OTHERS }, (_, n) => (n === 321 ? 'José Álvarez' : `Guest ${n}`));
  for (let from = 0; from < OTHERS; from += PER_BROWSER) await join(chromium, link, names.slice(from, from + PER_BROWSER));
  await expect(ana.control('people-count')).toContainText('500');

  await test.step('it opens', async () => {
    const ms = await ana.page.evaluate(async () => {
      const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      document.querySelector<HTMLElement>('[data-testid=people-open]')?.click();
      const begun = performance.now();
      while (document.querySelectorAll('[data-testid=person]').length < 400) await painted();
      await painted();
      return Math.round(performance.now() - begun);
    });
    test.info().annotations.push({ type: 'opened after', description: `${ms} ms` });
    await expect(ana.control('person')).toHaveCount(OTHERS);
  });

  await test.step('it is searched, without minding accents', async () => {
    await ana.control('people-search').fill('jose');
    await expect(ana.control('person')).toHaveCount(1);
    await expect(ana.control('people-found')).toHaveText('Found: 1');
    await ana.control('people-search').press('Escape');
    await expect(ana.control('person')).toHaveCount(OTHERS);
    await expect(ana.control('people-panel'), 'Escape emptied the field first').toBeVisible();
  });

  await test.step('who is far down is reached by keyboard and by screen readers', async () => {
    const last = ana.control('person').last().getByTestId('person-more');
    await last.focus();
    await expect(last).toBeInViewport();
    await ana.page.keyboard.press('Enter');
    await expect(ana.control('person-pin')).toBeInViewport();
    await expect(ana.control('person-pin')).toBeFocused();
    await ana.page.keyboard.press('Escape');
    await expect(last).toBeFocused();
    await expect(ana.page.getByRole('listitem').filter({ hasText: 'Guest 250' })).toHaveCount(1);
  });
});
