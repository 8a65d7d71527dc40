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

test('where UDP is blocked, the way to the media server is TCP, and the lobby says so', async ({ build }) => {
  const lab = await build('ana nat=udpblocked');
  const ana = await lab.personAt('ana');
  const found = await checks(ana, ORIGIN);
  expect(found.statuses).toMatchObject({ 'media-udp': 'warn', 'media-tcp': 'pass', quality: 'pass' });
  expect(found.details['quality']).toMatchObject({ transport: 'tcp' });
  await ana.page.goto(`${ORIGIN}/r/lab-check`);
  await expect(ana.control('preflight')).toHaveAttribute('data-kind', 'detour');
});

test('a line that is slow, narrow and loses packets is measured as such', async ({ build }) => {
  const lab = await build('bo nat=portrestricted delay=90 loss=2 rate=800');
  const bo = await lab.personAt('bo');
  const { statuses, details } = await checks(bo, ORIGIN);
  expect(statuses).toMatchObject({ 'media-udp': 'pass', quality: 'warn' });
  const quality = details['quality'] as { lossShare: number; roundTripMs: { median: number } };
  expect(quality.lossShare).toBeGreaterThan(0.01);
  expect(quality.roundTripMs.median).toBeGreaterThan(150);
  const { up, down } = details['bandwidth'] as Record<'up' | 'down', { kbps: number }>;
  for (const { kbps } of [up, down]) expect(kbps).toBeLessThan(1_000);
  await bo.page.goto(`${ORIGIN}/r/lab-check`);
  await expect(bo.control('preflight')).toHaveAttribute('data-kind', 'limited');
});
