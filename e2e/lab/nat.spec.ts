// Two people behind any two networks are in a call.
import { expect, test, ORIGIN } from '../harness/lab.ts';
import { seeAndHearEachOther } from '../harness/person.ts';

test('both behind symmetric NATs: the call is relayed', async ({ build }) => {
  const lab = await build('ana nat=symmetric', 'bo nat=symmetric');
  const ana = await lab.personAt('ana');
  const bo = await lab.personAt('bo');
  await ana.opensAndJoins(`${ORIGIN}/r/symmetric`);
  await bo.opensAndJoins(`${ORIGIN}/r/symmetric`);
  const [hers, his] = await seeAndHearEachOther(ana, bo);
  expect([hers.local.type, his.local.type], 'at least one end is relayed').toContain('relay');
});

test('both behind port-restricted NATs: the call is direct', async ({ build }) => {
  const lab = await build('ana nat=portrestricted', 'bo nat=portrestricted');
  const ana = await lab.personAt('ana');
  const bo = await lab.personAt('bo');
  await ana.opensAndJoins(`${ORIGIN}/r/cones`);
  await bo.opensAndJoins(`${ORIGIN}/r/cones`);
  await seeAndHearEachOther(ana, bo);
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
  await ana.opensAndJoins(`${ORIGIN}/r/no-udp`);
  await bo.opensAndJoins(`${ORIGIN}/r/no-udp`);
  const [hers] = await seeAndHearEachOther(ana, bo);
  expect(hers.local.type).toBe('relay');
  expect(['tcp', 'tls']).toContain(hers.local.relayProtocol);
});

test('one with nothing but TCP to port 443: the call is relayed over TLS', async ({ build }) => {
  const lab = await build('ana nat=tcp443', 'bo nat=portrestricted');
  const ana = await lab.personAt('ana');
  const bo = await lab.personAt('bo');
  await ana.opensAndJoins(`${ORIGIN}/r/only-443`);
  await bo.opensAndJoins(`${ORIGIN}/r/only-443`);
  const [hers] = await seeAndHearEachOther(ana, bo);
  expect(hers.local).toMatchObject({ type: 'relay', relayProtocol: 'tls' });
});
