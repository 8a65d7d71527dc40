// A browser that sends no sound while it is silent (Opus with discontinuous transmission), in a meeting: nobody takes silence for loss.
import { setTimeout as pause } from 'node:timers/promises';

import { joinsMeeting, sees } from '../harness/meeting.ts';
import type { Person } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

/** A small window: two encoders and two decoders share two cores with everything else. */
const SMALL = { viewport: { width: 760, height: 560 } };
/** As long as this there is a tone, and as long there is none. */
const TURN_S = 7;
const TURNS = 2;
/** A turn, and until the page shows who speaks. */
const SPEAKS_MS = 20_000;
/** Of sound that flows come fifty packets a second; of silence one in 400 ms. */
const SILENT_PER_SECOND_MAX = 10;
const SPOKEN_PER_SECOND_MIN = 40;

test.use({ settings: { 'rooms.topology': 'sfu' } });

/** In the page, before its own program: the microphone speaks in turns, and the server is said to want no packets of silence. */
function speaksInTurns(turnS: number): void {
  const own = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await own(constraints);
    if (stream.getAudioTracks().length === 0) return stream;
    const audio = new AudioContext({ sampleRate: 48_000 });
    const gate = new GainNode(audio, { gain: 0 });
    const out = new MediaStreamAudioDestinationNode(audio);
    const tone = new OscillatorNode(audio, { frequency: 700 });
    tone.connect(gate).connect(out);
    tone.start();
    for (let turn = 0; turn < 40; turn += 1) {
      gate.gain.setValueAtTime(0.5, 2 * turn * turnS);
      gate.gain.setValueAtTime(0, (2 * turn + 1) * turnS);
    }
    for (const track of stream.getAudioTracks()) {
      stream.removeTrack(track);
      track.stop();
    }
    for (const track of out.stream.getAudioTracks()) stream.addTrack(track);
    return stream;
  };
  const set = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (this: RTCPeerConnection, description: RTCSessionDescriptionInit) {
    const type = /a=rtpmap:(\d+) opus/i.exec(description.sdp ?? '')?.[1];
    const sdp = description.sdp?.replaceAll(new RegExp(`(a=fmtp:${type} [^\r\n]*)`, 'g'), '$1;usedtx=1');
    return Reflect.apply(set, this, [{ ...description, sdp }]);
  } as typeof set;
}

interface Sound {
  sent: number;
  received: number;
  lost: number;
  energy: number;
}

/** The sound that all connections of a page have sent and received so far. */
function sound(person: Person): Promise<Sound> {
  return person.page.evaluate(async () => {
    const found = { sent: 0, received: 0, lost: 0, energy: 0 };
    for (const connection of globalThis.observedConnections) {
      for (const entry of ((await connection.getStats()) as unknown as Map<string, Record<string, any>>).values()) {
        if (entry.kind !== 'audio') continue;
        if (entry.type === 'outbound-rtp') found.sent += entry.packetsSent ?? 0;
        if (entry.type !== 'inbound-rtp') continue;
        found.received += entry.packetsReceived ?? 0;
        found.lost += entry.packetsLost ?? 0;
        found.energy += entry.totalAudioEnergy ?? 0;
      }
    }
    return found;
  });
}

/** How much more there is after two seconds. */
async function twoSeconds(person: Person): Promise<Sound> {
  const before = await sound(person);
  await pause(2_000);
  const after = await sound(person);
  return { sent: after.sent - before.sent, received: after.received - before.received, lost: after.lost - before.lost, energy: after.energy - before.energy };
}

test('who sends nothing while silent is heard in turns, is shown as speaking in turns, and loses nothing', async ({ arrives, link }) => {
  const [ana, cy] = [await arrives('Ana', SMALL), await arrives('Cy', SMALL)];
  await cy.page.addInitScript(speaksInTurns, TURN_S);
  for (const person of [ana, cy]) await joinsMeeting(person, link);
  await sees(ana, 'Cy');
  const tile = ana.page.getByRole('article', { name: 'Cy', exact: true });
  // The sound that is on its way before the connection stands is none of this.
  await expect(tile, 'Cy speaks').toHaveAttribute('data-speaking', 'true', { timeout: SPEAKS_MS });
  const before = await sound(ana);
  for (let turn = 0; turn < TURNS; turn += 1) {
    await expect(tile, 'Cy is silent').toHaveAttribute('data-speaking', 'false', { timeout: SPEAKS_MS });
    const [silent, unheard] = await Promise.all([twoSeconds(cy), twoSeconds(ana)]);
    expect(silent.sent, 'next to nothing is sent').toBeLessThanOrEqual(2 * SILENT_PER_SECOND_MAX);
    expect(unheard.energy, 'nothing is heard').toBeLessThan(1e-3);
    await expect(tile, 'Cy speaks again').toHaveAttribute('data-speaking', 'true', { timeout: SPEAKS_MS });
    const [spoken, heard] = await Promise.all([twoSeconds(cy), twoSeconds(ana)]);
    console.log(`in two seconds: ${silent.sent} packets of silence, ${spoken.sent} of a tone of which ${heard.received} arrived, energy ${heard.energy.toFixed(3)}`);
    expect(spoken.sent, 'a tone is sent whole').toBeGreaterThanOrEqual(2 * SPOKEN_PER_SECOND_MIN);
    expect(heard.energy, 'the tone is heard').toBeGreaterThan(unheard.energy + 1e-3);
  }
  expect((await sound(ana)).lost - before.lost, 'no silence is taken for loss').toBe(0);
  await sees(ana, 'Cy');
});
