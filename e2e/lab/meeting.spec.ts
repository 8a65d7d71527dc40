// Three people meet over networks as people have them: lossy, narrow, changing, closed to UDP.
import { setTimeout as pause } from 'node:timers/promises';

import { expect, type Lab, test, ORIGIN } from '../harness/lab.ts';
import { hears, isToldTheWay, joinsMeeting, longestGap, meet, moment, pixelsOf, repairsAsked, sees } from '../harness/meeting.ts';
import type { Person } from '../harness/person.ts';

/** A small window: three encoders and six decoders share two cores. */
const SMALL = { width: 760, height: 560 };
const WATCH_MS = 12_000;
/** How long a picture may stand still while the network is bad. */
const STOP_MS_MAX = 1_000;
/** The smallest of the sizes in which a camera is sent. */
const SMALL_LAYER_PX = 320;

async function threeMeet(lab: Lab, room: string): Promise<[Person, Person, Person]> {
  const people: [Person, Person, Person] = [await lab.personAt('ana'), await lab.personAt('bo'), await lab.personAt('cy')];
  for (const person of people) {
    await person.page.setViewportSize(SMALL);
    await joinsMeeting(person, `${ORIGIN}/r/${room}`);
  }
  for (const person of people) await isToldTheWay(person, 'sfu');
  await meet(people);
  return people;
}

/** Nobody's picture stands still for long, for anybody. */
async function watch(people: readonly Person[]): Promise<void> {
  const begun = await Promise.all(people.map(moment));
  await pause(WATCH_MS);
  for (const [index, person] of people.entries()) {
    for (const other of people.filter((one) => one !== person)) {
      const gap = await longestGap(person, other.name, begun[index] ?? 0);
      console.log(`${other.name} stands still for ${person.name} for at most ${gap} ms of ${WATCH_MS}`);
      expect.soft(gap, `${other.name} stands still for ${person.name}`).toBeLessThan(STOP_MS_MAX);
    }
  }
}

test('five packets of a hundred lost on every line of a meeting: pictures and sound go on', async ({ build }) => {
  const lab = await build(...['ana', 'bo', 'cy'].map((name) => `${name} nat=portrestricted delay=20 loss=5`));
  const people = await threeMeet(lab, 'lossy-meeting');
  await watch(people);
  for (const person of people) {
    expect(await repairsAsked(person), 'the loss is real, and what is lost is sent again').toBeGreaterThan(0);
    await hears(person, 2);
  }
});

test('one line of a meeting has 500 kbit/s: who has it gets small pictures and all the sound, the others lose nothing', async ({ build }) => {
  const lab = await build('ana nat=portrestricted', 'bo nat=portrestricted', 'cy nat=portrestricted delay=20 rate=500 queue=300');
  const people = await threeMeet(lab, 'narrow-meeting');
  const [ana, , cy] = people;
  await watch(people);
  for (const name of ['ana', 'bo']) expect(await pixelsOf(cy, name), `the width of ${name}’s picture for cy`).toBeLessThanOrEqual(SMALL_LAYER_PX);
  await hears(cy, 2);
  await hears(ana, 2);
});

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
