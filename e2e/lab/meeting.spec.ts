// Three people meet over networks as people have them: changing, closed to UDP.
import { expect, type Lab, test, ORIGIN } from '../harness/lab.ts';
import { isToldTheWay, meet, sees, watchTiles } from '../harness/meeting.ts';
import type { Person } from '../harness/person.ts';

/** A small window: three encoders and six decoders share two cores. */
const SMALL = { width: 760, height: 560 };

async function threeMeet(lab: Lab, room: string): Promise<[Person, Person, Person]> {
  const people: [Person, Person, Person] = [await lab.personAt('ana'), await lab.personAt('bo'), await lab.personAt('cy')];
  for (const person of people) {
    await person.page.setViewportSize(SMALL);
    await person.opensAndJoins(`${ORIGIN}/r/${room}`);
    await expect(person.control('hangup')).toBeVisible();
    await watchTiles(person);
  }
  for (const person of people) await isToldTheWay(person, 'sfu');
  await meet(people);
  return people;
}

test('a change of network in a meeting: everybody is back', async ({ build }) => {
  const lab = await build(...['ana', 'bo', 'cy'].map((name) => `${name} nat=portrestricted`));
  const people = await threeMeet(lab, 'moving-meeting');
  await lab.changeNetworkOf('ana');
  await sees(people[1], 'ana', 60_000);
  await meet(people);
});

test('UDP is blocked for one in a meeting: media comes over TCP', async ({ build }) => {
  const lab = await build('ana nat=udpblocked', 'bo nat=portrestricted', 'cy nat=portrestricted');
  const [ana] = await threeMeet(lab, 'no-udp-meeting');
  const { local } = await ana.measures();
  expect(local.type === 'relay' ? local.relayProtocol : local.protocol, `the way of ana: ${JSON.stringify(local)}`).toMatch(/^(tcp|tls)$/);
});
