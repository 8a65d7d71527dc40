// Things break in mid-call. The call goes on, or comes back by itself.
import { seeAndHearEachOther } from '../harness/person.ts';
import { TcpProxy } from '../harness/tcp_proxy.ts';
import { expect, test } from '../harness/test.ts';

/** How long a call may take to come back. */
const RECOVERY_MS = 45_000;

test('Bo reloads the page in mid-call and is back', async ({ couple: [ana, bo] }) => {
  await bo.page.reload();
  await seeAndHearEachOther(ana, bo, RECOVERY_MS);
  await expect(bo.control('peer-name')).toHaveText('Ana');
});

test('a host who reloads the page of a locked room is still inside, and still the host', async ({ couple: [ana, bo] }) => {
  await ana.presses('people-open');
  await ana.control('lock').click();
  await expect(ana.control('lock')).toHaveAttribute('aria-pressed', 'true');

  await bo.writes('is it locked?');
  await ana.reads('is it locked?');

  await ana.page.reload();
  await seeAndHearEachOther(ana, bo, RECOVERY_MS);
  await ana.reads('is it locked?');
  await ana.presses('people-open');
  await expect(ana.control('lock')).toHaveAttribute('aria-pressed', 'true');
  await bo.presses('people-open');
  await expect(bo.control('lock')).toBeHidden();
});

test('whoever closes the page without hanging up is gone for the others in a moment', async ({ couple: [ana, bo] }) => {
  await bo.page.close({ runBeforeUnload: true });
  await ana.isToldThatTheCallIs('reconnecting');
  await ana.isToldThatTheCallIs('alone', 15_000);
});

test('the server restarts in mid-call: the talk goes on, then new words are carried again', async ({ couple: [ana, bo], server }) => {
  await server.end();
  await seeAndHearEachOther(ana, bo); // The media never went through the server.
  await server.run();
  for (const person of [ana, bo]) await person.isToldThatTheCallIs('connected', RECOVERY_MS);
  await seeAndHearEachOther(ana, bo, RECOVERY_MS);
  await ana.writes('still here');
  await bo.reads('still here');
});

test('Ana loses the server for a while: Bo is told, the talk goes on, nothing said is lost', async ({ arrives, server, link }) => {
  const wire = await TcpProxy.to(server.ports.http);
  try {
    const ana = await arrives('Ana');
    const bo = await arrives('Bo');
    await ana.opensAndJoins(link.replace(server.origin, wire.origin));
    await bo.opensAndJoins(link);
    await seeAndHearEachOther(ana, bo);

    wire.cut();
    await bo.isToldThatTheCallIs('reconnecting');
    await bo.seesAndHears();
    await bo.writes('are you there?');
    wire.mend();
    for (const person of [ana, bo]) await person.isToldThatTheCallIs('connected');
    await ana.reads('are you there?');
    await seeAndHearEachOther(ana, bo);
  } finally {
    await wire.close();
  }
});
