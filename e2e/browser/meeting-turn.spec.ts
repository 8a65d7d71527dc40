// The media server takes over at the third and gives back when two remain, and nobody's picture stops.
import { setTimeout as pause } from 'node:timers/promises';

import { hears, isInMeeting, isToldTheWay, joinsMeeting, meet, sees, showsBy } from '../harness/meeting.ts';
import { type Person, seeAndHearEachOther } from '../harness/person.ts';
import { type Captured, capturedBy, firstPicture, longestStop, sharedMoment, watchCamera } from '../harness/stops.ts';
import { expect, test } from '../harness/test.ts';

/** A small window: three encoders and six decoders share two cores. */
const SMALL = { viewport: { width: 760, height: 560 } };
/** A picture that stands still for longer is noticed. */
const STOP_MS_MAX = 500;
/** How long is watched before somebody comes, while there are three, and after the last of them has left and everything has turned. */
const BEFORE_MS = 1_000;
const TOGETHER_MS = 3_000;
const AFTER_MS = 5_000;
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

  const begun = await sharedMoment(ana);
  await pause(BEFORE_MS);
  await test.step('Cy joins: all three see and hear each other, through the server', async () => {
    await cy.joins();
    await isInMeeting(cy);
    await watchCamera(cy);
    for (const person of [ana, bo, cy]) await isToldTheWay(person, 'sfu');
    await showsBy(ana, 'Bo', 'server');
    await showsBy(bo, 'Ana', 'server');
    await meet([ana, bo, cy]);
    await pause(TOGETHER_MS);
  });

  const [parted, capturedByCy] = [await sharedMoment(cy), await capturedBy(cy)];
  await test.step('Cy leaves: the two talk directly again', async () => {
    await cy.presses('hangup');
    await isToldTheWay(ana, 'p2p', SETTLE_MS);
    await showsBy(ana, 'Bo', 'direct');
    await showsBy(bo, 'Ana', 'direct');
    await sees(ana, 'Bo');
    await sees(bo, 'Ana');
    for (const person of [ana, bo]) await hears(person, 1);
    await pause(AFTER_MS);
  });

  const until = await sharedMoment(ana);
  for (const [viewer, other] of [[ana, bo], [bo, ana]] as const) {
    await expectNoStop(viewer, other, await capturedBy(other), begun, until);
    await expectNoStop(viewer, cy, capturedByCy, await firstPicture(viewer, cy), parted);
  }
});

/** From one shared moment to another the picture never stands still, but for what the camera itself stood. */
async function expectNoStop(viewer: Person, other: Person, captured: Captured, since: number, until: number): Promise<void> {
  const { ms, countedMs } = await longestStop(viewer, other, captured, since, until);
  const watched = `of ${Math.round(until - since)}`;
  console.log(`${other.name}’s picture stands still for ${viewer.name} for at most ${countedMs} ms ${watched} (${ms} with what the camera stood)`);
  expect.soft(countedMs, `${other.name} stands still for ${viewer.name} (${ms} ms ${watched} in all)`).toBeLessThan(STOP_MS_MAX);
}
