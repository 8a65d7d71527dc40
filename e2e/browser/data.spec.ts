// Programs built on the library tell each other data: over data channels where the media server carries the room.
import { ProgramPage } from '../harness/program.ts';
import { expect, test } from '../harness/test.ts';

const TOPIC = 'pointer';
const MESSAGES = 50;

test.describe('in a room of the media server', () => {
  test.use({ settings: { 'rooms.topology': 'sfu' } });

  test('data goes over data channels in order, and nobody hears it twice', async ({ chromium, server }) => {
    const ana = await ProgramPage.open(chromium, server.origin, 'data-sfu', 'Ana', TOPIC);
    const bo = await ProgramPage.open(chromium, server.origin, 'data-sfu', 'Bo', TOPIC);
    await test.step('until the channels of both are open, what is said arrives by signalling', async () => {
      await expect.poll(async () => {
        await ana.say(TOPIC, 'early');
        await ana.say(TOPIC, 'early', true);
        const { sent } = await ana.ways();
        return [sent['data'], sent['data-lossy'], (await bo.ways()).received].every((count) => (count ?? 0) > 0);
      }, { timeout: 20_000 }).toBe(true);
    });
    const signalled = bo.signalled;
    for (let number = 0; number < MESSAGES; number++) expect(await ana.say(TOPIC, { number })).toBe(true);
    await bo.say(TOPIC, 'back', true);
    await expect.poll(async () => (await bo.heard()).filter((data) => typeof data === 'object')).toEqual(Array.from({ length: MESSAGES }, (_, number) => ({ number })));
    await expect.poll(() => ana.heard()).toContain('back');
    await test.step('bytes come out as bytes', async () => {
      expect(await ana.sayBytes(TOPIC, [0, 1, 255])).toBe(true);
      await expect.poll(async () => (await bo.heard()).at(-1)).toEqual({ bytes: [0, 1, 255] });
      await bo.sayBytes(TOPIC, [7], true);
      await expect.poll(() => ana.heard()).toContainEqual({ bytes: [7] });
    });
    expect(bo.signalled, 'by the channels alone').toBe(signalled);
    await ana.close();
    await bo.close();
  });
});

test('two who are peer to peer tell each other data by signalling', async ({ chromium, server }) => {
  const ana = await ProgramPage.open(chromium, server.origin, 'data-p2p', 'Ana', TOPIC);
  const bo = await ProgramPage.open(chromium, server.origin, 'data-p2p', 'Bo', TOPIC);
  await expect.poll(async () => {
    await ana.say(TOPIC, 'hello', true);
    return await bo.heard();
  }).toContain('hello');
  await ana.sayBytes(TOPIC, [0, 1, 255]);
  await expect.poll(() => bo.heard()).toContainEqual({ bytes: [0, 1, 255] });
  expect(await ana.ways()).toEqual({ sent: {}, received: 0 });
  expect(bo.signalled).toBeGreaterThan(0);
  await ana.close();
  await bo.close();
});
