// 64-bit ARM on another processor: qemu translates each instruction, with vectors and their rounding. The runtime is npm's for
// ARM; its libraries are Debian's for cross-compiling. Results of threads are compared too, but x86-64 keeps the order of
// stores, which ARM does not: a missing barrier may not be found.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const root = '/usr/aarch64-linux-gnu';

/** The command before a binary for Linux on 64-bit ARM by which this machine runs it; an error says what to install. */
export function emulator(): string[] {
  if (process.platform !== 'linux') throw new Error('64-bit ARM is tested on Linux only');
  if (process.arch === 'arm64') return [];
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'qemu-aarch64'));
  const qemu = candidates.find((path) => existsSync(path));
  const missing = [
    ...(qemu ? [] : ['qemu-user']),
    ...(existsSync(`${root}/lib/libc.so.6`) ? [] : ['libc6-arm64-cross']),
    ...(existsSync(`${root}/lib/libstdc++.so.6`) ? [] : ['libstdc++6-arm64-cross']),
  ];
  if (!qemu || missing.length > 0)
    throw new Error(`64-bit ARM needs qemu and its libraries; on Debian: apt-get install ${missing.join(' ')}`);
  return [qemu, '-L', root];
}
