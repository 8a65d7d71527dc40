// What the server says of freezes beside what a browser says itself: on a good line, and on one that is cut for a while.
import { setTimeout as pause } from 'node:timers/promises';

import type { Page } from '@playwright/test';

import { UdpLine } from '../harness/udp_line.ts';
import { expect, test } from '../harness/test.ts';

const QUIET_MS = 8_000;
/** Longer than what the server keeps for retransmissions, so that a key frame is needed. */
const CUT_S = 4;
/** The picture goes on when the line does, and a key frame has come. */
const GOES_ON = { timeout: 20_000 };
const METRICS_PORT = 29_464;

test.use({ settings: { 'metrics.listen': `127.0.0.1:${METRICS_PORT}` } });

/** In the page: one camera by WHIP. */
async function publishes(whip: string): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360 } });
  const peer = new RTCPeerConnection();
  Object.assign(globalThis, { peer });
  for (const track of stream.getTracks()) peer.addTransceiver(track, { direction: 'sendonly' });
  await peer.setLocalDescription();
  const answer = await fetch(whip, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: peer.localDescription?.sdp ?? '' });
  await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
}

/** Views by WHEP over that line alone. */
async function views(page: Page, whep: string, line: UdpLine): Promise<void> {
  const answer = await page.evaluate(async (url) => {
    await navigator.mediaDevices.getUserMedia({ video: true });
    const peer = new RTCPeerConnection();
    Object.assign(globalThis, { peer });
    const { receiver } = peer.addTransceiver('video', { direction: 'recvonly' });
    const video = document.createElement('video');
    Object.assign(video, { autoplay: true, muted: true, playsInline: true, srcObject: new MediaStream([receiver.track]) });
    document.body.replaceChildren(video);
    await peer.setLocalDescription();
    const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: peer.localDescription?.sdp ?? '' });
    return response.text();
  }, whep);
  await page.evaluate(async (sdp) => {
    const { peer } = globalThis as unknown as { peer: RTCPeerConnection };
    await peer.setRemoteDescription({ type: 'answer', sdp });
  }, line.onlyWay(answer));
}

interface Seen {
  frames: number;
  freezes: number;
  frozenS: number;
}

/** By the browser's own statistics. */
function seen(page: Page): Promise<Seen> {
  return page.evaluate(async () => {
    const { peer } = globalThis as unknown as { peer: RTCPeerConnection };
    for (const report of ((await peer.getStats()) as unknown as Map<string, Record<string, any>>).values()) {
      if (report.type === 'inbound-rtp') return { frames: report.framesDecoded ?? 0, freezes: report.freezeCount ?? 0, frozenS: report.totalFreezesDuration ?? 0 };
    }
    return { frames: 0, freezes: 0, frozenS: 0 };
  });
}

/** By the server's figures: those of a cause that a viewer over WebRTC has. */
async function counted(): Promise<{ freezes: number; frozenS: number }> {
  const text = await (await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`)).text();
  const sum = (name: string): number =>
    ['unsent', 'undecodable'].reduce((all, cause) => {
      const line = text.split('\n').find((one) => one.startsWith(`${name}{cause="${cause}"}`));
      if (!line) throw new Error(`no ${name} for ${cause}`);
      return all + Number(line.split(' ').at(-1));
    }, 0);
  return { freezes: sum('parlor_live_freezes_total'), frozenS: sum('parlor_live_frozen_seconds_total') };
}

test('a freeze of a browser is counted from its first word of it on, and a good line has none', async ({ arrives, server }) => {
  const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
  const line = await UdpLine.to(server.ports.turn);
  try {
    await ana.page.goto(`${server.origin}/healthz`);
    await ana.page.evaluate(publishes, '/whip/live/frozen');
    await bo.page.goto(`${server.origin}/healthz`);
    await views(bo.page, '/whep/live/frozen', line);
    await expect.poll(async () => (await seen(bo.page)).frames, { message: 'pictures come' }).toBeGreaterThan(20);
    const begun = await counted();
    await pause(QUIET_MS);
    const [quiet, before] = [await counted(), await seen(bo.page)];
    console.log(`${QUIET_MS} ms undisturbed: the server counts ${quiet.freezes - begun.freezes}, the browser has counted ${before.freezes}`);
    expect(quiet, 'nothing was lost').toEqual(begun);

    line.cut();
    await pause(CUT_S * 1000);
    const stood = await seen(bo.page);
    line.mend();
    await expect.poll(async () => (await seen(bo.page)).frames, { message: 'pictures come again', ...GOES_ON }).toBeGreaterThan(stood.frames + 20);
    const [after, own] = [await counted(), await seen(bo.page)];
    const [told, felt] = [after.frozenS - quiet.frozenS, own.frozenS - before.frozenS];
    console.log(`cut for ${CUT_S} s: the server counts ${after.freezes - quiet.freezes} of ${told.toFixed(1)} s, the browser ${own.freezes - before.freezes} of ${felt.toFixed(1)} s`);
    expect(felt, 'the browser has seen it').toBeGreaterThan(CUT_S / 2);
    expect(after.freezes, 'the server has counted it').toBeGreaterThan(quiet.freezes);
    expect(told, 'and no longer than it was').toBeLessThan(felt + 1);
  } finally {
    line.close();
  }
});
