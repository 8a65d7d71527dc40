// Whoever looks after the server sees who relays through it, and ends a relay.
import { seriousFindings } from '../harness/axe.ts';
import { callByLink } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

test('the operator sees the relays of a call with what they carry, and ends one', async ({ arrives, server, link }) => {
  const [ana, bo, operator] = [await arrives('Ana'), await arrives('Bo'), await arrives('Operator')];
  await callByLink(ana, bo, `${link}?it=relay&tt=udp`);
  const { page } = operator;
  await page.goto(await server.adminLink());
  const relays = operator.control('admin-allocation');
  await expect(relays.first()).toContainText('(UDP)');
  // Both relay: what one sends goes from relay to relay.
  await expect(operator.control('admin-chart-relayed').locator('.chart-latest')).toContainText(/to peers [1-9].*to clients [1-9]/);
  await expect(operator.control('admin-chart-relays').locator('.chart-latest')).toContainText(/[2-9]/);
  await expect(relays.filter({ hasText: /[kM]B.*[kM]B/ }).first()).toBeVisible();
  expect(await seriousFindings(page)).toEqual([]);

  const address = await relays.first().locator('td').nth(1).innerText();
  expect(address).toMatch(/^[\d.]+:\d+$/);
  await relays.first().getByTestId('admin-end-allocation').click();
  await operator.control('admin-do').click();
  await expect(relays.filter({ hasText: address })).toHaveCount(0);
});
