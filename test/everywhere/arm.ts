// 64-bit ARM where the processor is another: qemu translates each instruction, vectors and their rounding included. The
// runtime is the one that npm has for ARM; the libraries it is linked to are Debian's for cross-compiling. What threads
// make is compared too, but x86-64 keeps its stores in order, as ARM need not: a barrier that is missing may not show.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const root = '/usr/aarch64-linux-gnu';

/** What stands before a binary for Linux on 64-bit ARM so that this machine runs it; an error says what to install. */
export function emulator(): string[] {
  if (process.platform !== 'linux') throw new Error('64-bit ARM is tested on Linux alone');
  if (process.arch === 'arm64') return [];
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'qemu-aarch64'));
  const qemu = places.find((path) => existsSync(path));
  const missing = [
    ...(qemu ? [] : ['qemu-user']),
    ...(existsSync(`${root}/lib/libc.so.6`) ? [] : ['libc6-arm64-cross']),
    ...(existsSync(`${root}/lib/libstdc++.so.6`) ? [] : ['libstdc++6-arm64-cross']),
  ];
  if (!qemu || missing.length > 0)
    throw new Error(`64-bit ARM needs qemu and its libraries; on Debian: apt-get install ${missing.join(' ')}`);
  return [qemu, '-L', root];
}
