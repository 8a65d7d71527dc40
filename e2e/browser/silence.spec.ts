// A browser that sends no sound while it is silent (Opus with discontinuous transmission) is recorded: silence is as long as it was, and sound stays with its picture.
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from '../harness/test.ts';

const FOLDER = join(tmpdir(), `parlor-silence-${process.pid}`);
const RECORDED_MS = 16_000;
const STEP_MS = 15_000;
/** From one flash with its beep to the next, and how long both last. */
const PERIOD_S = 2;
const FLASH_S = 0.3;
/** Without a gap there is a packet every 20 ms. */
const GAP_S = 0.3;
/** A picture every 40 ms, and what the browser itself needs for sound and for pictures. */
const SKEW_S = 0.15;
const SPREAD_S = 0.08;

test.use({ settings: { 'recording.folder': FOLDER, 'recording.streams': ['live/*'] } });

test.afterAll(() => rm(FOLDER, { recursive: true, force: true }));

interface Publication {
  url: string;
  codec: string;
  periodS: number;
  flashS: number;
  /** How long each step may take. */
  stepMs: number;
}

/** In the page: a canvas that flashes, a tone in the same moments, and WHIP by hand, with an answer that asks for discontinuous transmission. */
async function publishes({ url, codec, periodS, flashS, stepMs }: Publication): Promise<void> {
  const inTime = <Value>(step: Promise<Value>, what: string): Promise<Value> =>
    Promise.race([step, new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`${what} took too long`)), stepMs))]);
  // Who may use camera and microphone shows its addresses to the server.
  await inTime(navigator.mediaDevices.getUserMedia({ audio: true, video: true }), 'the camera');
  const audio = new AudioContext({ sampleRate: 48_000 });
  await inTime(audio.resume(), 'the beginning of sound');
  const gate = new GainNode(audio, { gain: 0 });
  const out = new MediaStreamAudioDestinationNode(audio);
  const tone = new OscillatorNode(audio, { frequency: 700 });
  tone.connect(gate).connect(out);
  tone.start();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [320, 180];
  const draw = canvas.getContext('2d');
  const from = audio.currentTime + 0.5;
  for (let at = from; at < from + 60; at += periodS) {
    gate.gain.setValueAtTime(0.5, at);
    gate.gain.setValueAtTime(0, at + flashS);
  }
  setInterval(() => {
    const since = audio.currentTime - from;
    if (!draw) return;
    draw.fillStyle = since > 0 && since % periodS < flashS ? '#fff' : '#000';
    draw.fillRect(0, 0, canvas.width, canvas.height);
  }, 20);
  const peer = new RTCPeerConnection();
  const picture = peer.addTransceiver(canvas.captureStream(25).getVideoTracks()[0] ?? 'video', { direction: 'sendonly' });
  picture.setCodecPreferences((RTCRtpSender.getCapabilities('video')?.codecs ?? []).filter((one) => one.mimeType === codec));
  peer.addTransceiver(out.stream.getAudioTracks()[0] ?? 'audio', { direction: 'sendonly' });
  await peer.setLocalDescription();
  const gathered = new Promise<void>((resolve) => {
    const look = (): void => {
      if (peer.iceGatheringState === 'complete') resolve();
    };
    peer.addEventListener('icegatheringstatechange', look);
    look();
  });
  await inTime(gathered, 'gathering candidates');
  const answered = await inTime(fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: peer.localDescription?.sdp ?? '' }), 'the answer');
  const answer = await answered.text();
  const type = /a=rtpmap:(\d+) opus/i.exec(answer)?.[1] ?? '111';
  const fmtp = new RegExp(`(a=fmtp:${type} [^\r\n]*)`);
  const sdp = fmtp.test(answer) ? answer.replace(fmtp, '$1;usedtx=1') : answer.replace(new RegExp(`(a=rtpmap:${type} [^\r\n]*)`), `$1\r\na=fmtp:${type} usedtx=1`);
  await peer.setRemoteDescription({ type: 'answer', sdp });
  const session = new URL(answered.headers.get('location') ?? '', url);
  // It ends in the middle of a rest: a flash whose beep is cut off has none beside it.
  const endPublication = async (): Promise<void> => {
    const rest = periodS - ((audio.currentTime - from) % periodS) + (periodS + flashS) / 2;
    await new Promise((resolve) => setTimeout(resolve, rest * 1000));
    await inTime(fetch(session, { method: 'DELETE' }), 'the end of the session');
  };
  Object.assign(globalThis, { endPublication });
}

const run = promisify(execFile);

/** When the packets of a track are played, in seconds. */
async function packetTimes(file: string, track: string): Promise<number[]> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', track, '-of', 'csv=p=0', '-show_entries', 'packet=pts_time', file]);
  return stdout.split(/[\s,]+/).filter(Boolean).map(Number).sort((a, b) => a - b);
}

/** When it becomes bright, and when it becomes loud. */
async function edges(file: string): Promise<{ flashes: number[]; beeps: number[] }> {
  const looks =
    '[0:v]signalstats,metadata=mode=print:key=lavfi.signalstats.YAVG:file=-[v];' +
    '[0:a]astats=metadata=1:reset=1:length=0.01,ametadata=mode=print:key=lavfi.astats.Overall.RMS_level:file=-[a]';
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', file, '-filter_complex', looks, '-map', '[v]', '-map', '[a]', '-f', 'null', '-'], { maxBuffer: 64 << 20 });
  const found = { flashes: [] as number[], beeps: [] as number[] };
  let [at, bright, loud] = [0, false, false];
  for (const line of stdout.split('\n')) {
    const [name, value = ''] = line.split('=');
    if (line.includes('pts_time:')) at = Number(line.split('pts_time:')[1]);
    else if (name === 'lavfi.signalstats.YAVG') {
      if (Number(value) > 128 && !bright) found.flashes.push(at);
      bright = Number(value) > 128;
    } else if (name === 'lavfi.astats.Overall.RMS_level') {
      const is = value !== '-inf' && Number(value) > -30;
      if (is && !loud) found.beeps.push(at);
      loud = is;
    }
  }
  return found;
}

for (const [codec, extension] of [['video/H264', 'mp4'], ['video/VP8', 'webm']] as const) {
  test(`silence of a browser that sends none is recorded as long as it was, ${extension}`, async ({ arrives, server }) => {
    const { page } = await arrives('Ana');
    await page.goto(`${server.origin}/live`);
    // Without a click no sound may begin; one that comes before the first paint is not counted.
    await expect(async () => {
      await page.mouse.click(5, 5);
      expect(await page.evaluate(() => navigator.userActivation.hasBeenActive)).toBe(true);
    }, 'the page is clicked on').toPass({ timeout: STEP_MS });
    const url = `${server.origin}/whip/live/${extension}`;
    await page.evaluate(publishes, { url, codec, periodS: PERIOD_S, flashS: FLASH_S, stepMs: STEP_MS });
    await page.waitForTimeout(RECORDED_MS);
    await page.evaluate('endPublication()');
    const authorization = `Bearer ${new URL(await server.adminLink()).hash.replace('#token=', '')}`;
    let file = '';
    await expect
      .poll(async () => {
        const { recordings } = (await (await page.request.get(`${server.origin}/api/v1/recordings`, { headers: { authorization } })).json()) as { recordings: { file: string; stream: string; state: string }[] };
        const found = recordings.find((one) => one.file.endsWith(`.${extension}`));
        file = join(FOLDER, found?.file ?? '');
        return found?.state;
      }, { timeout: STEP_MS, message: 'the recording ends with its stream' })
      .toBe('finished');

    const [pictures, sounds] = [await packetTimes(file, 'v'), await packetTimes(file, 'a')];
    const gaps = sounds.slice(1).map((time, index) => time - (sounds[index] ?? 0)).filter((gap) => gap > GAP_S);
    const lengths = [pictures, sounds].map((times) => (times.at(-1) ?? 0) - (times[0] ?? 0));
    const { flashes, beeps } = await edges(file);
    const nearest = (flash: number): number => beeps.map((beep) => beep - flash).reduce((one, other) => (Math.abs(other) < Math.abs(one) ? other : one), Infinity);
    const skews = flashes.slice(1).map(nearest);
    expect(gaps.length, 'it sends nothing while it is silent').toBeGreaterThan(3);
    expect(Math.min(...lengths), 'both tracks are whole').toBeGreaterThan(RECORDED_MS / 1000 - 4);
    expect(skews.length).toBeGreaterThan(4);
    for (const skew of skews) expect(Math.abs(skew), `in step: ${skews.join(', ')}`).toBeLessThan(SKEW_S);
    expect(Math.max(...skews) - Math.min(...skews), `all over the file: ${skews.join(', ')}`).toBeLessThan(SPREAD_S);
    for (const [index, beep] of beeps.slice(2).entries()) expect(Math.abs(beep - (beeps[index + 1] ?? 0) - PERIOD_S), `as long as it was: ${beeps.join(', ')}`).toBeLessThan(SPREAD_S);
  });
}
