// Serves a page that is not ours from an origin of its own, as its author's web server does, with its constants filled in.
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const TYPES: Record<string, string> = { 'index.html': 'text/html; charset=utf-8', 'main.js': 'text/javascript; charset=utf-8' };

export class ForeignSite {
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  /** Serves the folder of this name beside `harness`. */
  static async serve(folder: string, constants: Record<string, string>): Promise<ForeignSite> {
    const place = new URL(`../${folder}/`, import.meta.url);
    const server = createServer(async (request, response) => {
      const path = new URL(request.url ?? '/', 'http://site').pathname;
      const name = path === '/' ? 'index.html' : path.slice(1);
      const type = TYPES[name];
      if (!type) {
        response.writeHead(404).end();
        return;
      }
      let text = await readFile(fileURLToPath(new URL(name, place)), 'utf8');
      for (const [constant, value] of Object.entries(constants)) text = text.replace(constant, value);
      response.writeHead(200, { 'content-type': type }).end(text);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new ForeignSite(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}
