// Cloudflare's workerd. It does not compile bytes, so the three .wasm files are modules of the worker, by their names in the exports
// of the package and by those of its files.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { build } from 'esbuild';

const modules = ['random', 'activation', 'nn'];
const named = (name: string) =>
  [`fanwise/${name}.wasm`, `wasm/generated/${name}.wasm`]
    .map((path) => `    (name = "${path}", wasm = embed "${name}.wasm"),`)
    .join('\n');
const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
${modules.map(named).join('\n')}
  ],
  compatibilityDate = "2026-11-01",
);
`;

/** The answer of the worker of an entry to GET /. Its bundle is written to the folder, with the modules of dist/. */
export async function ask(binary: string, entry: string, dist: string, folder: string): Promise<unknown> {
  await build({
    entryPoints: [entry],
    outfile: join(folder, 'worker.js'),
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['*.wasm'],
  });
  for (const name of modules) copyFileSync(join(dist, 'wasm/generated', `${name}.wasm`), join(folder, `${name}.wasm`));
  writeFileSync(join(folder, 'config.capnp'), config);
  const server = spawn(binary, ['serve', '--control-fd=3', join(folder, 'config.capnp')], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  server.stderr!.on('data', (text) => (errors += text));
  const exit = once(server, 'exit').then(() => {
    throw new Error(`workerd ended: ${errors}`);
  });
  try {
    // It chooses a free port and writes it to the file descriptor.
    const [line] = await Promise.race([once(server.stdio[3] as Readable, 'data'), exit]);
    const { port } = JSON.parse(String(line).split('\n')[0]);
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(60_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`workerd answers ${response.status}: ${errors || text}`);
    return JSON.parse(text);
  } finally {
    server.kill();
    await exit.catch(() => {});
  }
}
