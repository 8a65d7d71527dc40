// The studio while it records, and what was recorded. The server must keep recordings (recording.folder).
import { STREAMS, encoder } from './live.mjs';

const RECORDED_MS = 12_000;

/** @param scene see `live`; `operator` is the link that `parlor admin` prints */
export async function recordings({ given, base, operator, person, shot, leave, wears, PHONE }) {
  const { hash } = new URL(operator);
  const signedIn = async (more) => {
    const page = await person(more);
    await page.goto(`${base}/recordings${hash}`);
    return page;
  };
  const stop = await encoder(given, STREAMS[1]);
  const page = await signedIn();
  try {
    await page.getByTestId('recordings-empty').waitFor();
    await shot(page, 'recordings-empty');
    await page.goto(`${base}/studio?stream=lesson`);
    await page.getByTestId('studio-go').click();
    await page.getByTestId('studio-record').click();
    await page.getByTestId('studio-recording-mark').waitFor();
    const headers = { authorization: `Bearer ${new URLSearchParams(hash.slice(1)).get('token')}` };
    for (const what of ['start', 'stop']) {
      await page.request.post(`${given}/api/v1/recordings/${what}`, { headers, data: { app: 'live', stream: STREAMS[1].name } });
      await page.waitForTimeout(RECORDED_MS);
    }
    await shot(page, 'studio-recording');
    await wears(page, 'light');
    await shot(page, 'studio-recording-light');
    for (const [name, more] of Object.entries({ 'recordings': {}, 'recordings-light': { theme: 'light' }, 'phone-recordings': { device: PHONE }, 'recordings-zh': { language: 'zh-CN' } })) {
      const other = await signedIn(more);
      await other.getByTestId('recording').nth(1).waitFor();
      await shot(other, name);
      if (name === 'recordings') {
        await other.getByTestId('recording-play').last().click();
        await other.waitForTimeout(2000);
        await shot(other, 'recordings-play');
      }
      await leave(other);
    }
    await page.getByTestId('studio-end').click();
    const phone = await signedIn({ device: PHONE, language: 'zh-CN' });
    await phone.getByTestId('recording').first().waitFor();
    await phone.goto(`${base}/studio?stream=talk`);
    await phone.getByTestId('studio-go').click();
    await phone.getByTestId('studio-record').click();
    await phone.getByTestId('studio-recording-mark').waitFor();
    await phone.waitForTimeout(RECORDED_MS);
    await shot(phone, 'phone-studio-recording-zh');
    await leave(phone);
  } finally {
    stop();
  }
  await leave(page);
}
