// The page that finds out why calls fail, run by a machine: /check?auto=1.
import { checks } from '../harness/check_page.ts';
import { expect, test } from '../harness/test.ts';

test('every check that needs no click runs, and calls will work here', async ({ arrives, server }) => {
  const ana = await arrives('Ana');
  const found = await checks(ana, server.origin);
  expect(['ready', 'limited']).toContain(found.verdict);
  for (const id of ['secure-context', 'peer-connection', 'websocket', 'camera', 'microphone', 'codecs', 'turn-udp', 'turn-tcp', 'turn-tls']) {
    expect(found.statuses[id], id).toBe('pass');
  }
  for (const id of ['speaker', 'screen-share']) expect(found.statuses[id], id).toBe('skipped');
  // The loopback has no NAT, and the page says so instead of guessing.
  expect(found.statuses['nat-mapping']).toBe('info');
  expect(Object.keys(found.statuses).length).toBeGreaterThanOrEqual(20);
  expect(found.text, 'the report has no secrets').not.toMatch(/credential|password|username/i);
});
