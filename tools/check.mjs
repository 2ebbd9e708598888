// `npm run check`: formatter, linter and types, at the same time. What a compiler has checked it keeps in out/check/, so that a check
// after a small change takes a third.

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

process.chdir(resolve(import.meta.dirname, '..'));

const tsc = (project, ...options) => ['typescript/bin/tsc', '-p', project, ...options];
const incremental = (name) => ['--incremental', '--tsBuildInfoFile', `out/check/${name}.tsbuildinfo`];
const commands = [
  tsc('test', ...incremental('test')),
  tsc('.', ...incremental('src')),
  tsc('assembly', '--noEmit'),
  ['@biomejs/biome/bin/biome', 'check'],
];

const run = ([program, ...options]) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [`node_modules/${program}`, ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        said += text;
      });
    // Not mixed with what the others say.
    child.on('close', (code) => {
      process.stdout.write(said);
      resolve(code);
    });
  });
const codes = await Promise.all(commands.map(run));
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
