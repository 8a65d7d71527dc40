// Single-port mode (`turn.relay_ports` off): no relayed address has a socket, and calls between two who use our TURN server work all the same.
import { readdir, readFile, readlink } from 'node:fs/promises';

import { checks } from '../harness/check_page.ts';
import { seeAndHearEachOther } from '../harness/person.ts';
import { expect, test } from '../harness/test.ts';

test.use({ settings: { 'turn.relay_ports': 'off' } });

for (const transport of ['udp', 'tcp', 'tls'] as const) {
  test(`two who may only relay call each other over ${transport.toUpperCase()}`, async ({ arrives, server, link }) => {
    const ana = await arrives('Ana');
    const bo = await arrives('Bo');
    for (const person of [ana, bo]) await person.opensAndJoins(`${link}?it=relay&tt=${transport}`);
    for (const media of await seeAndHearEachOther(ana, bo)) {
      expect(media.local).toMatchObject({ type: 'relay', relayProtocol: transport });
      expect(media.remote.type).toBe('relay');
    }
    expect(await udpPortsOf(server.pid)).toEqual(new Set([server.ports.turn, server.ports.stunSecond]));
  });
}

test('one who may only relay calls one who may do anything: they meet relay to relay', async ({ arrives, link }) => {
  const ana = await arrives('Ana');
  const bo = await arrives('Bo');
  await ana.opensAndJoins(`${link}?it=relay`);
  await bo.opensAndJoins(link);
  for (const media of await seeAndHearEachOther(ana, bo)) expect([media.local.type, media.remote.type]).toEqual(['relay', 'relay']);
});

test('the check finds every way through the relay open', async ({ arrives, server }) => {
  const { verdict, statuses } = await checks(await arrives('Ana'), server.origin);
  expect(statuses).toMatchObject({ 'turn-udp': 'pass', 'turn-tcp': 'pass', 'turn-tls': 'pass' });
  expect(['ready', 'limited']).toContain(verdict);
});

/** The ports of the UDP sockets that a process has open. */
async function udpPortsOf(pid: number): Promise<Set<number>> {
  const descriptors = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  const inodes = new Set(targets.map((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1]));
  const tables = await Promise.all(['udp', 'udp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8')));
  const rows = tables.flatMap((table) => table.trim().split('\n').slice(1)).map((row) => row.trim().split(/\s+/));
  const ours = rows.filter((row) => inodes.has(row[9]));
  return new Set(ours.map((row) => Number.parseInt(row[1]?.split(':').at(-1) ?? '', 16)));
}
