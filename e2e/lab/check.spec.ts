// The check page finds out what kind of network a person is on.
import { checks } from '../harness/check_page.ts';
import { expect, ORIGIN, test } from '../harness/lab.ts';

test('the page tells a symmetric NAT from one that keeps its mapping', async ({ build }) => {
  const lab = await build('ana nat=symmetric', 'bo nat=portrestricted');
  const hers = await checks(await lab.personAt('ana'), ORIGIN);
  expect(hers.statuses).toMatchObject({ stun: 'pass', 'turn-udp': 'pass', 'turn-tcp': 'pass', 'turn-tls': 'pass' });
  expect(hers.details['nat-mapping']).toMatchObject({ mapping: 'endpoint-dependent' });
  const his = await checks(await lab.personAt('bo'), ORIGIN);
  expect(his.details['nat-mapping']).toMatchObject({ mapping: 'endpoint-independent' });
});

test('where only TCP to port 443 gets out, the page finds the one way that is left', async ({ build }) => {
  const lab = await build('ana nat=tcp443');
  const found = await checks(await lab.personAt('ana'), ORIGIN);
  expect(found.verdict).toBe('limited');
  expect(found.statuses['turn-tls']).toBe('pass');
  for (const id of ['turn-udp', 'turn-tcp']) expect(['warn', 'fail'], id).toContain(found.statuses[id]);
});
