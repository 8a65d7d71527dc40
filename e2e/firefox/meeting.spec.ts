// Firefox and Chromium in one meeting: what one encodes the other decodes, through the server.
import { FirefoxPerson, outwardAddress } from '../harness/firefox.ts';
import { hears, isToldTheWay, joinsMeeting, sees } from '../harness/meeting.ts';
import { freePorts } from '../harness/ports.ts';
import { test } from '../harness/test.ts';

test.use({
  settings: async ({}, use) => {
    const ports = await freePorts();
    const address = outwardAddress();
    await use({
      'rooms.topology': 'sfu',
      'udp.listen': `${address}:${ports.turn}`,
      'turn.tcp_listen': `${address}:${ports.turn}`,
      'stun.second_listen': `${address}:${ports.stunSecond}`,
    });
  },
});

test('somebody with Firefox joins two with Chromium: all see and hear each other through the server', async ({ arrives, link }) => {
  const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
  for (const person of [ana, bo]) await joinsMeeting(person, link);
  const fay = await FirefoxPerson.arrives('Fay');
  try {
    await fay.opensAndJoins(link);
    for (const person of [ana, bo]) {
      await isToldTheWay(person, 'sfu');
      await sees(person, 'Fay');
      await hears(person, 2);
      await fay.sees(person.name);
    }
    await fay.hears(2);
  } finally {
    await fay.leaves();
  }
});
