// Networks change and lose packets in the middle of a call.
import { setTimeout as pause } from 'node:timers/promises';

import { expect, test, ORIGIN } from '../harness/lab.ts';
import { callByLink, seeAndHearEachOther } from '../harness/person.ts';

/** How long the lossy call is watched. */
const WATCH_MS = 15_000;
/** The share of that time in which the picture may stand still. Measured: none on an idle machine, 13 % on a busy one. */
const FROZEN_SHARE_MAX = 0.25;

test('a change of network in mid-call: the picture comes back', async ({ build }) => {
  const lab = await build('ana nat=portrestricted', 'bo nat=portrestricted');
  const ana = await lab.personAt('ana');
  const bo = await lab.personAt('bo');
  await callByLink(ana, bo, `${ORIGIN}/r/moving`);

  await lab.changeNetworkOf('ana');
  await seeAndHearEachOther(ana, bo, 60_000);
  for (const person of [ana, bo]) await person.isToldThatTheCallIs('connected');
});

test('five packets of a hundred lost: the picture goes on', async ({ build }) => {
  const lab = await build('ana nat=portrestricted delay=20 loss=5', 'bo nat=portrestricted');
  const ana = await lab.personAt('ana');
  const bo = await lab.personAt('bo');
  const before = await callByLink(ana, bo, `${ORIGIN}/r/lossy`);

  await pause(WATCH_MS);
  const after = await Promise.all([ana.measures(), bo.measures()]);
  for (const side of [0, 1] as const) {
    const frozenMs = 1000 * (after[side].freezeSeconds - before[side].freezeSeconds);
    const frames = after[side].framesDecoded - before[side].framesDecoded;
    console.log(`${side ? 'bo' : 'ana'}: ${frames} frames and ${Math.round(frozenMs)} ms frozen in ${WATCH_MS} ms`);
    expect(after[side].videoPacketsLost, 'the loss is real').toBeGreaterThan(before[side].videoPacketsLost);
    expect(frozenMs).toBeLessThan(FROZEN_SHARE_MAX * WATCH_MS);
  }
});
