// Serves the course page from an origin of its own, as a student's web server does, with its constants filled in.
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../course_page/', import.meta.url);
const TYPES: Record<string, string> = { 'index.html': 'text/html; charset=utf-8', 'main.js': 'text/javascript; charset=utf-8' };

export class CourseSite {
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async serve(constants: { SIGNAL_URL: string; TURN_ADDRESS: string }): Promise<CourseSite> {
    const server = createServer(async (request, response) => {
      const name = request.url === '/' ? 'index.html' : (request.url ?? '').slice(1);
      const type = TYPES[name];
      if (!type) {
        response.writeHead(404).end();
        return;
      }
      let text = await readFile(fileURLToPath(new URL(name, FOLDER)), 'utf8');
      for (const [constant, value] of Object.entries(constants)) text = text.replace(constant, value);
      response.writeHead(200, { 'content-type': type }).end(text);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new CourseSite(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}
