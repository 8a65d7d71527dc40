// With a key in its settings the server lets in only who holds a token that it signed.
import { expect, test } from '../harness/test.ts';
import { seeAndHearEachOther } from '../harness/person.ts';

test.use({ settings: { 'auth.keys': { main: 'a key of the test with more than 32 bytes' } } });

test('a link without a token leads to an explanation, one with a token into the call', async ({ arrives, server }) => {
  const room = 'board-room';
  const link = `${server.origin}/r/${room}`;
  const stranger = await arrives('Stranger');
  await stranger.opens(link);
  await stranger.presses('join');
  await expect(stranger.page.getByTestId('token-needed')).toBeVisible();

  const ana = await arrives('Ana');
  const bo = await arrives('Bo');
  await ana.opensAndJoins(`${link}?token=${await server.token(room)}`);
  await bo.opensAndJoins(`${link}?token=${await server.token(room)}`);
  await seeAndHearEachOther(ana, bo);
});

test('a token of another room opens nothing', async ({ arrives, server }) => {
  const ana = await arrives('Ana');
  await ana.opens(`${server.origin}/r/board-room?token=${await server.token('kitchen')}`);
  await ana.presses('join');
  await expect(ana.page.getByTestId('token-needed')).toBeVisible();
});
