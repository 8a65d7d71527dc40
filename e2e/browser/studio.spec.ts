// The studio: one goes on air from the browser, another watches on the page of the stream.
import { seriousFindings } from '../harness/axe.ts';
import { NARROW_PHONE } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';
import { watches } from '../harness/viewer.ts';

const THEMES = ['dark', 'light', 'contrast'] as const;
const NOTICES = { timeout: 40_000 };

test('one goes live in the studio, another watches, and both see what is going on', async ({ arrives, arrivesApart, server }) => {
  const [ana, bo] = [await arrives('Ana'), await arrivesApart('Bo')];
  await ana.page.goto(`${server.origin}/live`);
  await ana.control('begin-name').fill('my first lesson');
  await ana.control('begin-studio').click();
  await expect(ana.control('studio-name')).toHaveValue('my-first-lesson');
  await expect(ana.control('studio-preview')).toBeVisible();
  await ana.control('studio-go').click();
  await expect(ana.control('studio-state')).toHaveAttribute('data-state', 'live');
  const link = await ana.control('share-page').innerText();
  expect(link).toBe(`${server.origin}/live/my-first-lesson`);

  await bo.page.goto(link);
  await watches(bo.page, 'webrtc');
  await expect(ana.control('studio-viewers')).toHaveText('1 watching', NOTICES);
  await expect(ana.control('studio-rate')).toHaveText(/[1-9].* [kM]bit\/s/);
  await expect(ana.control('studio-size')).toContainText('×');

  await test.step('the screen takes the place of the camera without a break', async () => {
    await ana.control('studio-screen').click();
    await expect(ana.control('studio-screen')).toHaveAttribute('aria-pressed', 'true');
    await watches(bo.page, 'webrtc');
    await ana.control('studio-screen').click();
  });
  await test.step('a smaller quality is what is sent from then on', async () => {
    await ana.control('studio-quality').selectOption('360');
    await expect(ana.control('studio-size')).toContainText('× 360', NOTICES);
  });
  await test.step('leaving is asked about', async () => {
    ana.page.once('dialog', (dialog) => void dialog.dismiss());
    await ana.page.locator('.brand').click();
    await expect(ana.control('studio-state')).toHaveAttribute('data-state', 'live');
  });
  await test.step('the end is seen by whoever watches', async () => {
    await ana.control('studio-end').click();
    await expect(ana.control('studio-go')).toBeVisible();
    await expect(bo.control('player')).toHaveAttribute('data-state', 'waiting', NOTICES);
  });
});

test('a stream that somebody publishes is not taken away, and another name is', async ({ arrives, server }) => {
  const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
  for (const person of [ana, bo]) {
    await person.page.goto(`${server.origin}/studio?stream=lesson`);
    await expect(person.control('studio-preview')).toBeVisible();
  }
  await ana.control('studio-go').click();
  await expect(ana.control('studio-state')).toHaveAttribute('data-state', 'live');
  await bo.control('studio-go').click();
  await expect(bo.control('studio-problem')).toHaveAttribute('data-problem', 'on-air');
  await bo.control('studio-name').fill('another');
  await bo.control('studio-go').click();
  await expect(bo.control('studio-state')).toHaveAttribute('data-state', 'live');
});

test('who is on air comes back when the server was started anew', async ({ arrives, server }) => {
  const ana = await arrives('Ana');
  await ana.page.goto(`${server.origin}/studio?stream=lesson`);
  await expect(ana.control('studio-preview')).toBeVisible();
  await ana.control('studio-go').click();
  await expect(ana.control('studio-state')).toHaveAttribute('data-state', 'live');
  await server.end();
  await expect(ana.control('studio-state')).toHaveAttribute('data-state', 'reconnecting', NOTICES);
  await server.run();
  await expect(ana.control('studio-state')).toHaveAttribute('data-state', 'live', NOTICES);
});

test('the studio fits a narrow phone, and axe finds nothing serious in any theme', async ({ arrives, server }) => {
  const ana = await arrives('Ana', NARROW_PHONE);
  const { page } = ana;
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const passes = async (where: string) => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `what hangs over the page: ${where}`).toBe(0);
    for (const theme of THEMES) {
      await page.evaluate((chosen) => { document.documentElement.dataset.theme = chosen; }, theme);
      expect(await seriousFindings(page), `${where}, ${theme}`).toEqual([]);
    }
  };
  await page.goto(`${server.origin}/live`);
  await expect(ana.control('beginning')).toBeVisible();
  await passes('how to begin');
  await page.goto(`${server.origin}/studio`);
  await expect(ana.control('studio-preview')).toBeVisible();
  await passes('before');
  await ana.control('studio-go').click();
  await expect(ana.control('studio-rate')).toBeVisible();
  await passes('on air');
});
