// Free ports. Between the look and the use somebody else may take one; in a network of its own nobody is there.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Every port that a server of ours listens on. */
export interface Ports {
  http: number;
  https: number;
  /** STUN and TURN: UDP and TCP. */
  turn: number;
  stunSecond: number;
  compat: number;
  rtmp: number;
}

export async function freePorts(): Promise<Ports> {
  const found = new Set<number>();
  while (found.size < 6) found.add(await freePort());
  const [http, https, turn, stunSecond, compat, rtmp] = [...found] as [number, number, number, number, number, number];
  return { http, https, turn, stunSecond, compat, rtmp };
}

/** A port that is free for TCP and for UDP on 127.0.0.1. */
async function freePort(): Promise<number> {
  for (;;) {
    const tcp = createServer();
    const port = await new Promise<number>((resolve, reject) => {
      tcp.once('error', reject);
      tcp.listen(0, '127.0.0.1', () => resolve((tcp.address() as { port: number }).port));
    });
    const udp = createSocket('udp4');
    const free = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false));
      udp.bind(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise<void>((resolve) => udp.close(() => resolve()));
    await new Promise<void>((resolve) => tcp.close(() => resolve()));
    if (free) return port;
  }
}
