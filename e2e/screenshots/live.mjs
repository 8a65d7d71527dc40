// The pages about live streams. An encoder publishes what they show.
import { spawn } from 'node:child_process';

export const STREAMS = [
  { name: 'lesson', source: 'gradients=size=1280x720:rate=25:speed=0.012:nb_colors=3:c0=0x173f5f:c1=0x3caea3:c2=0xf6d55c:seed=4' },
  { name: 'garden', source: 'gradients=size=1280x720:rate=25:speed=0.02:c0=0x20624a:c1=0x9fc97f:seed=2' },
  { name: 'workshop', source: 'testsrc2=size=640x360:rate=25' },
];

/** Publishes to the server until the returned function is called. */
export async function encoder(base, { name, source }) {
  const { live } = await (await fetch(`${base}/api/v1/info`)).json();
  const url = `rtmp://${new URL(base).hostname}:${live.rtmpPort}/live/${name}`;
  const sound = 'sine=frequency=330:sample_rate=48000';
  const child = spawn('ffmpeg', [
    '-v', 'quiet', '-re', '-f', 'lavfi', '-i', `${source},format=yuv420p`, '-re', '-f', 'lavfi', '-i', sound,
    '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-bf', '0', '-g', '25', '-b:v', '1500k', '-c:a', 'aac', '-f', 'flv', url,
  ], { stdio: 'ignore' });
  return () => child.kill();
}

/** @param scene what the scenes of the script share: `given`, the server's own address; `base`, that under a name; `person`, `shot`, `leave`, `wears`, the devices */
export async function live({ given, base, person, shot, leave, wears, PHONE }) {
  const page = await person();
  await page.goto(`${base}/live`);
  await page.getByTestId('beginning').waitFor();
  await shot(page, 'live-empty');
  const phone = await person({ device: PHONE, theme: 'light' });
  await phone.goto(`${base}/live/lesson`);
  await phone.getByTestId('player-waiting').waitFor();
  await shot(phone, 'phone-live-waiting');
  const stops = await Promise.all(STREAMS.map((stream) => encoder(given, stream)));
  try {
    await page.getByTestId('live-stream').nth(STREAMS.length - 1).waitFor();
    await shot(page, 'live');
    await page.locator('[data-stream="live/lesson"]').click();
    await page.locator('[data-testid=player][data-state=playing]').waitFor();
    await page.waitForTimeout(3000); // The delay is measured.
    await shot(page, 'live-watch');
    await page.getByTestId('player-details').click();
    await page.waitForTimeout(20_000); // The charts fill.
    await wears(page, 'light');
    await page.getByTestId('playback-details').evaluate((section) => section.scrollIntoView({ block: 'end' }));
    await shot(page, 'live-details-light');
    await page.getByTestId('share-open').click();
    await shot(page, 'live-share-light');
    await page.keyboard.press('Escape');
    await phone.locator('[data-testid=player][data-state=playing]').waitFor();
    await shot(phone, 'phone-live');
    const embedded = await person({ theme: 'contrast' });
    await embedded.goto(`${base}/live/garden?embed=1`);
    await embedded.locator('[data-testid=player][data-state=playing]').waitFor();
    await shot(embedded, 'live-embedded');
    await leave(embedded);
    const chinese = await person({ language: 'zh-CN' });
    await chinese.goto(`${base}/live`);
    await chinese.getByTestId('live-stream').first().waitFor();
    await shot(chinese, 'live-zh');
    await leave(chinese);
  } finally {
    for (const stop of stops) stop();
  }
  await leave(page, phone);
  await studio({ base, person, shot, leave, wears, PHONE });
}

async function studio({ base, person, shot, leave, wears, PHONE }) {
  const page = await person();
  await page.goto(`${base}/studio?stream=lesson`);
  await page.getByTestId('studio-preview').waitFor();
  await shot(page, 'studio');
  const watching = await person({ look: 'bo', device: PHONE });
  await watching.goto(`${base}/live/lesson`);
  await page.getByTestId('studio-go').click();
  await watching.locator('[data-testid=player][data-state=playing]').waitFor();
  await page.waitForTimeout(20_000); // The chart fills.
  await shot(page, 'studio-on-air');
  await wears(page, 'light');
  await shot(page, 'studio-on-air-light');
  await shot(watching, 'phone-live-watch');
  await page.getByTestId('studio-end').click();
  const phone = await person({ device: PHONE, theme: 'light', language: 'zh-CN' });
  await phone.goto(`${base}/studio?stream=lesson`);
  await phone.getByTestId('studio-preview').waitFor();
  await shot(phone, 'phone-studio-zh');
  await leave(page, watching, phone);
}
