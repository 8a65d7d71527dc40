// Who may use nothing but our TURN server is in a meeting like everybody else. The refusals of special addresses stay on.
import { isInMeeting, isToldTheWay, meet } from '../harness/meeting.ts';
import { expect, test } from '../harness/test.ts';

test.use({ settings: { 'rooms.topology': 'sfu' } });

for (const transport of ['udp', 'tcp', 'tls'] as const) {
  test(`one in a meeting is relayed over ${transport.toUpperCase()}`, async ({ arrives, link }) => {
    const ana = await arrives('Ana');
    const bo = await arrives('Bo');
    await ana.opensAndJoins(`${link}?it=relay&tt=${transport}`);
    await bo.opensAndJoins(link);
    for (const person of [ana, bo]) {
      await isInMeeting(person);
      await isToldTheWay(person, 'sfu');
    }
    await meet([ana, bo]);
    expect((await ana.measures()).local).toMatchObject({ type: 'relay', relayProtocol: transport });
  });
}
