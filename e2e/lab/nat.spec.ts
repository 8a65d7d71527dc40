// Two people behind any two networks are in a call.
import { expect, test, ORIGIN } from '../harness/lab.ts';
import { callByLink } from '../harness/person.ts';

test('both behind symmetric NATs: the call is relayed', async ({ build }) => {
  const lab = await build('ana nat=symmetric', 'bo nat=symmetric');
  const ana = await lab.personAt('ana');
  const bo = await lab.personAt('bo');
  const [hers, his] = await callByLink(ana, bo, `${ORIGIN}/r/symmetric`);
  expect([hers.local.type, his.local.type], 'at least one end is relayed').toContain('relay');
});

test('both behind port-restricted NATs: the call is direct', async ({ build }) => {
  const lab = await build('ana nat=portrestricted', 'bo nat=portrestricted');
  const ana = await lab.personAt('ana');
  const bo = await lab.personAt('bo');
  await callByLink(ana, bo, `${ORIGIN}/r/cones`);
  // A relayed pair may carry the first moments; the direct one takes over.
  for (const person of [ana, bo]) {
    await expect.poll(async () => {
      const { local, remote } = await person.measures();
      return [local.type, remote.type].includes('relay') ? 'relayed' : 'direct';
    }, { message: `${person.name}'s path` }).toBe('direct');
  }
});

test('one with UDP blocked: the call is relayed over TCP', async ({ build }) => {
  const lab = await build('ana nat=udpblocked', 'bo nat=portrestricted');
  const ana = await lab.personAt('ana');
  const bo = await lab.personAt('bo');
  const [hers] = await callByLink(ana, bo, `${ORIGIN}/r/no-udp`);
  expect(hers.local.type).toBe('relay');
  expect(['tcp', 'tls']).toContain(hers.local.relayProtocol);
});

test('one with nothing but TCP to port 443: the call is relayed over TLS', async ({ build }) => {
  const lab = await build('ana nat=tcp443', 'bo nat=portrestricted');
  const ana = await lab.personAt('ana');
  const bo = await lab.personAt('bo');
  const [hers] = await callByLink(ana, bo, `${ORIGIN}/r/only-443`);
  expect(hers.local).toMatchObject({ type: 'relay', relayProtocol: 'tls' });
});
