// The folder of all projects, served as a web site.

import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

export interface Site {
  url: string;
  close(): Promise<unknown>;
}

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** `headers` are those of pages and what they load, by the first folder of their path. Other origins may load anything. */
export async function serve(folder: string, headers: Record<string, Record<string, string>>): Promise<Site> {
  const server = createServer(async ({ url }, response) => {
    const { pathname } = new URL(url!, 'http://localhost');
    for (const [name, value] of Object.entries(headers[pathname.split('/')[1]] ?? {})) response.setHeader(name, value);
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('cross-origin-resource-policy', 'cross-origin');
    const file = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    await pipeline(createReadStream(join(folder, file)), response).catch(() => {
      if (!response.headersSent) response.writeHead(404);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      return promisify(server.close.bind(server))();
    },
  };
}
