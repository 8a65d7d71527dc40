// A line of one person's own: datagrams go through it to the server and back, until it is cut, and again after it is mended.
import { createSocket, type Socket } from 'node:dgram';

export class UdpLine {
  private readonly near = createSocket('udp4');
  private readonly far = createSocket('udp4');
  private whole = true;
  private client: number | undefined;

  private constructor(serverPort: number) {
    this.near.on('message', (datagram, { port }) => {
      this.client = port;
      if (this.whole) this.far.send(datagram, serverPort, '127.0.0.1');
    });
    this.far.on('message', (datagram) => {
      if (this.whole && this.client !== undefined) this.near.send(datagram, this.client, '127.0.0.1');
    });
  }

  static async to(serverPort: number): Promise<UdpLine> {
    const line = new UdpLine(serverPort);
    const isBound = (socket: Socket): Promise<void> => new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
    await Promise.all([isBound(line.near), isBound(line.far)]);
    return line;
  }

  /** An answer of the server in which this line is the only way to it. */
  onlyWay(answer: string): string {
    const { port } = this.near.address();
    const lines = answer.split('\r\n').map((line) => line.replace(/^(a=candidate:\S+ 1 udp \d+) \S+ \d+ /i, `$1 127.0.0.1 ${port} `));
    return lines.filter((line) => !line.startsWith('a=candidate:') || line.includes(` 127.0.0.1 ${port} `)).join('\r\n');
  }

  cut(): void {
    this.whole = false;
  }

  mend(): void {
    this.whole = true;
  }

  close(): void {
    this.near.close();
    this.far.close();
  }
}
