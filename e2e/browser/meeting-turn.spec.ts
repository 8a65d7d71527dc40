// The media server takes over at the third and gives back when two remain, and nobody's picture stops.
import { setTimeout as pause } from 'node:timers/promises';

import { hears, isInMeeting, isToldTheWay, joinsMeeting, meet, sees, showsBy } from '../harness/meeting.ts';
import { type Person, seeAndHearEachOther } from '../harness/person.ts';
import { longestStop, sharedMoment, watchCamera } from '../harness/stops.ts';
import { expect, test } from '../harness/test.ts';

/** A small window: three encoders and six decoders share two cores. */
const SMALL = { viewport: { width: 760, height: 560 } };
/** A picture that stands still for longer is noticed. */
const STOP_MS_MAX = 500;
/** How long is watched before somebody comes or goes, and after everything has turned. */
const BEFORE_MS = 1_000;
const AFTER_MS = 3_000;
/** The room stays with the server for 5 s when two remain. */
const SETTLE_MS = 20_000;

test('a third joins and leaves: nobody’s picture stops, from before they come until after they are gone', async ({ arrivesApart, link }) => {
  const [ana, bo, cy] = [await arrivesApart('Ana', SMALL), await arrivesApart('Bo', SMALL), await arrivesApart('Cy', SMALL)];
  for (const person of [ana, bo]) {
    await joinsMeeting(person, link);
    await watchCamera(person);
  }
  await seeAndHearEachOther(ana, bo);
  await showsBy(ana, 'Bo', 'direct');
  // That a browser starts and opens its camera on the same machine is not part of joining.
  await cy.opens(link);

  await withoutAStop(ana, bo, 'as Cy joins: all three see and hear each other, through the server', async () => {
    await cy.joins();
    await isInMeeting(cy);
    for (const person of [ana, bo, cy]) await isToldTheWay(person, 'sfu');
    await showsBy(ana, 'Bo', 'server');
    await showsBy(bo, 'Ana', 'server');
    await meet([ana, bo, cy]);
  });

  await withoutAStop(ana, bo, 'as Cy leaves: the two talk directly again', async () => {
    await cy.presses('hangup');
    await isToldTheWay(ana, 'p2p', SETTLE_MS);
    await showsBy(ana, 'Bo', 'direct');
    await showsBy(bo, 'Ana', 'direct');
    await sees(ana, 'Bo');
    await sees(bo, 'Ana');
    for (const person of [ana, bo]) await hears(person, 1);
  });
});

/** The two see each other without a stop from a second before `what` happens until three seconds after it has. */
async function withoutAStop(one: Person, two: Person, what: string, happens: () => Promise<void>): Promise<void> {
  await test.step(what, async () => {
    const since = await sharedMoment(one);
    await pause(BEFORE_MS);
    await happens();
    await pause(AFTER_MS);
    for (const [viewer, other] of [[one, two], [two, one]] as const) {
      const { ms, countedMs } = await longestStop(viewer, other, since);
      console.log(`${other.name}’s picture stands still for ${viewer.name} for at most ${ms} ms ${what.split(':')[0]}`);
      expect.soft(countedMs, `${other.name} stands still for ${viewer.name} ${what} (${ms} ms in all)`).toBeLessThan(STOP_MS_MAX);
    }
  });
}
