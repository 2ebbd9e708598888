// Runs bare.mjs: a file of dist/ without globals of the host.

import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

export async function bare(file: string, mode: 'all' | 'each' | 'throwing') {
  const program = resolve('test/environments/bare.mjs');
  const run = promisify(execFile)(process.execPath, ['--no-warnings', program, resolve('dist', file), mode]);
  return JSON.parse((await run).stdout) as { tried: number; wrong: Record<string, string> };
}
