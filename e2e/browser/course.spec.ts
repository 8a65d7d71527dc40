// The product was asked for with a contract of eight messages. A page written from that contract alone must work unchanged.
import { ForeignSite } from '../harness/foreign_site.ts';
import { Student } from '../harness/student.ts';
import { expect, test as base } from '../harness/test.ts';

const test = base.extend<{ site: ForeignSite; student: () => Promise<Student> }>({
  settings: { 'turn.users': { student: '123456' } },

  site: async ({ server }, use) => {
    const site = await ForeignSite.serve('course_page', {
      SIGNAL_URL: `ws://127.0.0.1:${server.ports.compat}`,
      TURN_ADDRESS: `127.0.0.1:${server.ports.turn}`,
    });
    await use(site);
    await site.close();
  },

  student: async ({ chromium, site }, use) => {
    const students: Student[] = [];
    await use(async () => {
      const student = await Student.at(chromium, site.url);
      students.push(student);
      return student;
    });
    for (const student of students) await student.closes();
  },
});

test('two students call each other, one leaves and comes back', async ({ student }) => {
  const one = await student();
  const two = await student();
  await one.joins('100');
  await two.joins('100');
  for (const student of [one, two]) {
    const media = await student.seesAndHears();
    expect(media.local).toMatchObject({ type: 'relay' });
  }

  await one.leaves();
  await two.isAlone();
  await one.joins('100');
  await one.seesAndHears();
  await two.seesAndHears();

  await two.page.reload();
  await one.isAlone();
  await two.joins('100');
  await two.seesAndHears();
  await one.seesAndHears();
  await one.understoodEverything();
  await two.understoodEverything();
});

test('a third student is told that the room is full, and disturbs nobody', async ({ student }) => {
  const [one, two, three] = [await student(), await student(), await student()];
  await one.joins('7');
  await two.joins('7');
  await one.seesAndHears();
  await three.joins('7');
  await expect.poll(() => three.page.evaluate(() => (globalThis as unknown as { strange: string[] }).strange.map((text) => JSON.parse(text))))
    .toEqual([expect.objectContaining({ cmd: 'error', code: 1, reason: 'room-full' })]);
  await one.seesAndHears();
  await two.seesAndHears();
});

test('a student waits and a person with our client comes', async ({ student, arrives, server }) => {
  const waiting = await student();
  await waiting.joins('mixed-1');
  const ana = await arrives('Ana');
  await ana.opensAndJoins(`${server.origin}/r/mixed-1`);
  await Promise.all([waiting.seesAndHears(), ana.seesAndHears()]);
  await waiting.understoodEverything();
});

test('a person with our client waits and a student comes, goes and comes again', async ({ student, arrives, server }) => {
  const ana = await arrives('Ana');
  await ana.opensAndJoins(`${server.origin}/r/mixed-2`);
  await ana.isToldThatTheCallIs('alone');
  const late = await student();
  await late.joins('mixed-2');
  await Promise.all([late.seesAndHears(), ana.seesAndHears()]);

  await late.leaves();
  await ana.isToldThatTheCallIs('alone');
  await late.joins('mixed-2');
  await Promise.all([late.seesAndHears(), ana.seesAndHears()]);
  await late.understoodEverything();
});
