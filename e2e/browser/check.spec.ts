// The page that finds out why calls fail, run by a machine: /check?auto=1.
import { checks } from '../harness/check_page.ts';
import { expect, test } from '../harness/test.ts';

test('every check that needs no click runs, and calls will work here', async ({ arrives, server }) => {
  const ana = await arrives('Ana');
  const found = await checks(ana, server.origin);
  expect(['ready', 'limited']).toContain(found.verdict);
  for (const id of ['secure-context', 'peer-connection', 'websocket', 'camera', 'microphone', 'codecs', 'turn-udp', 'turn-tcp', 'turn-tls', 'media-udp', 'media-tcp', 'quality', 'bandwidth']) {
    expect(found.statuses[id], id).toBe('pass');
  }
  for (const id of ['speaker', 'screen-share']) expect(found.statuses[id], id).toBe('skipped');
  // The loopback has no NAT, and the page says so instead of guessing.
  expect(found.statuses['nat-mapping']).toBe('info');
  expect(Object.keys(found.statuses).length).toBe(26);
  expect(found.text, 'the report has no secrets').not.toMatch(/credential|password|username/i);
});

test('the lobby says how good the connection is, without being asked, and keeps nobody from joining', async ({ arrives, link }) => {
  const ana = await arrives('Ana');
  await ana.page.goto(link);
  await expect(ana.control('preflight')).toHaveAttribute('data-kind', 'good', { timeout: 5_000 });
  await expect(ana.control('preflight')).toContainText('Connection: good');
  const bo = await arrives('Bo');
  await bo.page.goto(link);
  await expect(bo.control('preflight')).toHaveAttribute('data-kind', 'running');
  await bo.control('join').click();
  await expect(bo.control('alone')).toBeVisible();
});

test.describe('a server without a media server', () => {
  test.use({ settings: { 'media.enabled': false } });

  test('has nothing to test there, and says so instead of warning', async ({ arrives, server, link }) => {
    const ana = await arrives('Ana');
    const { statuses } = await checks(ana, server.origin);
    expect(statuses).toMatchObject({ 'media-udp': 'info', 'media-tcp': 'info', quality: 'info', bandwidth: 'info' });
    await ana.page.goto(link);
    await expect(ana.control('preflight')).toHaveAttribute('data-kind', 'unknown');
    await expect(ana.control('preflight')).toBeEmpty();
  });
});
