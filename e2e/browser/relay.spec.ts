// Relay only, through our TURN server, each way a browser can reach it. The refusals of special addresses stay on: the peers
// of a relayed call are relayed addresses of the same server, which are always allowed.
import { callByLink } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

for (const transport of ['udp', 'tcp', 'tls'] as const) {
  test(`a call relayed over ${transport.toUpperCase()}`, async ({ arrives, link }) => {
    const ana = await arrives('Ana');
    const bo = await arrives('Bo');
    for (const media of await callByLink(ana, bo, `${link}?it=relay&tt=${transport}`)) {
      expect(media.local).toMatchObject({ type: 'relay', relayProtocol: transport });
      expect(media.remote.type).toBe('relay');
    }

    // The page tells the same about itself.
    await ana.page.keyboard.press('i');
    await expect(ana.control('stats-overlay')).toBeVisible();
    await expect(ana.control('stats-path')).toContainText(/relay/i);
    await expect(ana.control('stats-path')).toContainText(new RegExp(transport, 'i'));
  });
}
