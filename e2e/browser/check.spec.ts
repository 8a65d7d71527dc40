// The page that finds out why calls fail, run by a machine: /check?auto=1.
import { expect, test } from '../harness/test.ts';

interface Report {
  checks: { id: string; status: string }[];
}

/** A whole run without a click. */
const AUTO_MS = 60_000;

test('every check that needs no click is run, with a verdict', async ({ arrives, server }) => {
  const { page } = await arrives('Ana');
  await page.goto(`${server.origin}/check?auto=1`);
  const overall = page.getByTestId('check-overall');
  await expect(overall).toHaveAttribute('data-verdict', /^(ready|limited|blocked|pass|warn|fail)$/, { timeout: AUTO_MS });

  const status = (id: string) => page.getByTestId(`check-${id}`).getAttribute('data-status');
  for (const id of ['secure-context', 'peer-connection', 'websocket', 'turn-udp', 'turn-tcp', 'turn-tls']) {
    expect(await status(id), id).toBe('pass');
  }
  // Loopback has no NAT: nothing to see, and the page says so instead of guessing.
  expect(['info', 'pass']).toContain(await status('nat-mapping'));

  const report = JSON.parse((await page.getByTestId('check-report').textContent()) ?? '') as Report;
  expect(report.checks.length).toBeGreaterThanOrEqual(20);
  expect(JSON.stringify(report)).not.toMatch(/credential|password/i);
});
