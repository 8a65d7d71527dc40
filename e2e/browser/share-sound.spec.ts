// A tab is shared with its sound, in a meeting: the others hear it beside the voice of who shares it.
import { setTimeout as pause } from 'node:timers/promises';

import type { Browser } from '@playwright/test';

import { launchSharing } from '../harness/browser.ts';
import { hears, joinsMeeting, sees } from '../harness/meeting.ts';
import { Person } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

/** A small window: two encoders and two decoders share two cores with everything else. */
const SMALL = { viewport: { width: 760, height: 560 } };
const TITLE = 'A tab with a tone';
const TONE_HZ = 1_700;
/** As loud a tone is at its frequency, whatever else is to be heard; the beeps of the made-up microphone are less there. */
const TONE_DB_MIN = -32;
const NO_TONE_DB_MAX = -45;
const SHARED_MS = 30_000;
/** So long a tone has gone on when it is measured: what takes it for noise needs some seconds to have it away. */
const STEADY_MS = 5_000;
/** Energy of two seconds of beeps is a thousand times as much. */
const HEARD_MIN = 1e-4;

test.use({ settings: { 'rooms.topology': 'sfu' } });

/** In the page that is shared. */
function plays(hertz: number): void {
  const audio = new AudioContext();
  const gain = new GainNode(audio, { gain: 0.5 });
  const tone = new OscillatorNode(audio, { frequency: hertz });
  tone.connect(gain).connect(audio.destination);
  tone.start();
}

/** A sound that somebody is sent, for two seconds: how loud it is at a frequency at the most and at the least, and all its energy. */
interface Sound {
  loudestDb: number;
  quietestDb: number;
  energy: number;
}

function sounds(person: Person, hertz: number): Promise<Sound[]> {
  return person.page.evaluate(async (frequency) => {
    const audio = new AudioContext();
    await audio.resume();
    const receivers = globalThis.observedConnections
      .filter((one) => one.connectionState === 'connected')
      .flatMap((one) => one.getTransceivers().filter(({ currentDirection }) => currentDirection?.includes('recv')).map(({ receiver }) => receiver))
      .filter(({ track }) => track.kind === 'audio' && track.readyState === 'live');
    const energy = async (receiver: RTCRtpReceiver): Promise<number> => {
      const reports = [...((await receiver.getStats()) as unknown as Map<string, Record<string, any>>).values()];
      return reports.reduce((sum, { type, totalAudioEnergy }) => sum + (type === 'inbound-rtp' ? (totalAudioEnergy ?? 0) : 0), 0);
    };
    const measured = await Promise.all(receivers.map(async (receiver) => {
      const analyser = new AnalyserNode(audio, { fftSize: 4096, smoothingTimeConstant: 0 });
      new MediaStreamAudioSourceNode(audio, { mediaStream: new MediaStream([receiver.track]) }).connect(analyser);
      const bins = new Float32Array(analyser.frequencyBinCount);
      const place = Math.round((frequency * analyser.fftSize) / audio.sampleRate);
      const before = await energy(receiver);
      const levels: number[] = [];
      for (let look = 0; look < 20; look += 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        analyser.getFloatFrequencyData(bins);
        levels.push(Math.max(...bins.slice(place - 1, place + 2)));
      }
      // The first looks are from before the analyser had anything.
      const settled = levels.slice(5);
      return { loudestDb: Math.max(...settled), quietestDb: Math.min(...settled), energy: (await energy(receiver)) - before };
    }));
    await audio.close();
    return measured;
  }, hertz);
}

function isTone({ quietestDb }: Sound): boolean {
  return quietestDb > TONE_DB_MIN;
}

test('a shared tab is heard with its tone, and who shares it is heard beside it', async ({ arrives, link, server }) => {
  const browser: Browser = await launchSharing(TITLE);
  try {
    const [ana, bo] = [await Person.at(browser, 'Ana', { ...SMALL, permissions: ['camera', 'microphone'] }), await arrives('Bo', SMALL)];
    const tab = await ana.page.context().newPage();
    await tab.goto(`${server.origin}/healthz`);
    await tab.evaluate((title) => { document.title = title; }, TITLE);
    await tab.evaluate(plays, TONE_HZ);
    await ana.page.bringToFront();
    for (const person of [ana, bo]) await joinsMeeting(person, link);
    await sees(bo, 'Ana');
    await hears(bo, 1);
    expect((await sounds(bo, TONE_HZ)).filter(isTone), 'before it is shared').toEqual([]);
    await ana.presses('share');
    await expect(bo.control('remote-screen')).toBeVisible();
    await expect.poll(async () => (await sounds(bo, TONE_HZ)).filter(isTone).length, { message: 'the tone is heard', timeout: SHARED_MS }).toBe(1);
    await pause(STEADY_MS);
    const heard = (await sounds(bo, TONE_HZ)).filter(({ energy }) => energy > HEARD_MIN);
    for (const { loudestDb, quietestDb, energy } of heard) {
      console.log(`${quietestDb.toFixed(1)} to ${loudestDb.toFixed(1)} dB at ${TONE_HZ} Hz, energy ${energy.toFixed(3)}`);
    }
    expect(heard.filter(isTone), 'the tone stays as loud').toHaveLength(1);
    expect(heard.filter((sound) => sound.loudestDb < NO_TONE_DB_MAX), 'the voice goes on beside it').toHaveLength(1);
    await sees(bo, 'Ana');
    await ana.presses('share-stop');
    await expect(bo.control('remote-screen')).toBeHidden();
    await hears(bo, 1);
    expect((await sounds(bo, TONE_HZ)).filter(isTone), 'after it was shared').toEqual([]);
  } finally {
    await browser.close();
  }
});
