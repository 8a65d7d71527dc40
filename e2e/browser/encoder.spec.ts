// An encoder in a meeting: it comes by RTMP, and is on everybody's page what it is.
import { Encoder } from '../harness/encoder.ts';
import { hears, isToldTheWay, joinsMeeting, sees } from '../harness/meeting.ts';
import type { Person } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

const NAME = 'Stage camera';

/** Opens the menu of the encoder in the list of people. */
async function opensMenu(person: Person): Promise<void> {
  const row = person.control('person').filter({ hasText: NAME });
  if (!(await row.isVisible())) await person.presses('people-open');
  await row.getByTestId('person-more').click();
}

test('two in a meeting see and hear an encoder, whom the host shows to viewers, mutes and sends away', async ({ arrives, link, server }) => {
  const [ana, bo] = [await arrives('Ana'), await arrives('Bo')];
  for (const person of [ana, bo]) await joinsMeeting(person, link);
  const room = new URL(link).pathname.split('/').at(-1) ?? '';
  const encoder = Encoder.publishes(server.rtmpUrl(`${room}?name=Stage%20camera`, 'room'), { keyFrameSeconds: 10 });

  await test.step('both see moving pictures and hear its tone beside the other one', async () => {
    for (const person of [ana, bo]) {
      await isToldTheWay(person, 'sfu');
      await sees(person, NAME);
      await hears(person, 2);
    }
  });

  await test.step('it is marked as what it is, and has no controls that are for people', async () => {
    const tile = bo.page.getByRole('article', { name: NAME, exact: true });
    await expect(tile.getByTestId('peer-encoder')).toContainText('Stage camera is an encoder');
    await expect(bo.page.getByTestId('peer-encoder')).toHaveCount(1);
    await opensMenu(ana);
    for (const there of ['person-mute', 'person-camera', 'person-remove']) await expect(ana.control(there)).toBeVisible();
    for (const absent of ['person-write', 'person-lower', 'person-role', 'person-show-camera']) await expect(ana.control(absent)).toBeHidden();
  });

  await test.step('muted by the host, it is on again when the host says so', async () => {
    await ana.control('person-mute').click();
    await expect(bo.control('peer-muted')).toContainText('No sound comes from Stage camera');
    await opensMenu(ana);
    await ana.control('person-unmute-microphone').click();
    await expect(bo.control('peer-muted')).toBeHidden();
  });

  await test.step('the host shows it to viewers, and whoever speaks again', async () => {
    await ana.control('stream').check();
    await opensMenu(ana);
    await ana.control('person-show-camera').click();
    await expect(bo.control('peer-shown')).toContainText('Stage camera is shown to viewers');
    await opensMenu(ana);
    await ana.control('person-show-camera').click();
    await expect(bo.control('peer-shown')).toBeHidden();
  });

  await test.step('sent away, it is gone and stays away', async () => {
    await opensMenu(ana);
    await ana.control('person-remove').click();
    await ana.control('remove-confirm').click();
    await expect(bo.page.getByRole('article', { name: NAME, exact: true })).toBeHidden();
  });
  await encoder.stop();
});
