// Initialises a matrix of 2^32 values, larger than any of the processes that make it, as shards in files.
//
//   npx tsx examples/shards/index.ts                 one process
//   npx tsx examples/shards/index.ts --processes 3   three, each of which writes its part
//   npx tsx examples/shards/index.ts --help
//
// To save disk space only some slices of the 17 GB are written: 26 MB. Some of them cross the borders of shards. At the end one
// process makes the same slices, and the hashes are compared. Complete files are kept: after a process was killed, the same
// command goes on where it was, with any number of processes.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { read, UNFINISHED, write } from './files.js';
import { fileOf, hashOf, INDEX, make, nameOf, type Plan, piecesOf, SIZE, slicesOf } from './plan.js';
import type { Report, Work } from './worker.js';

const { values: flags } = parseArgs({
  options: {
    processes: { type: 'string', default: '1' },
    shards: { type: 'string', default: '12' },
    seed: { type: 'string', default: '42' },
    out: { type: 'string', default: 'out/shards' },
    kill: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (flags.help) {
  console.log(`npx tsx examples/shards/index.ts [options]
  --processes 1      how many write at the same time
  --shards 12        how many files the matrix is split into
  --seed 42
  --out out/shards   the folder; complete shards that are there are kept
  --kill             kill the first process in the middle of a file; another one does its part`);
  process.exit();
}
function whole(name: 'processes' | 'shards' | 'seed', least: number, most: number): number {
  const n = Number(flags[name]);
  if (Number.isInteger(n) && n >= least && n <= most) return n;
  console.error(`--${name} is ${flags[name]}; pass a whole number from ${least} to ${most}`);
  process.exit(1);
}
const processes = whole('processes', 1, 64);
const plan: Plan = {
  seed: whole('seed', 0, 2 ** 32 - 1),
  shards: whole('shards', 1, 99_999),
  slices: 25,
  length: 262_145,
};
const folder = flags.out;
const all = Array.from({ length: plan.shards }, (_, shard) => shard);
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

mkdirSync(folder, { recursive: true });
const clear = () => {
  for (const name of readdirSync(folder).filter((name) => name.endsWith(UNFINISHED))) rmSync(join(folder, name));
};
clear();
// The index is written when all shards are complete.
rmSync(join(folder, INDEX), { force: true });

let done = 0;
let memory = 0;
/** Starts a process for some shards, and another one if it is killed. */
async function part(number: number, shards: number[], die: boolean): Promise<void> {
  const work: Work = { folder, plan, shards, die };
  const worker = fork(new URL('./worker.ts', import.meta.url), [JSON.stringify(work)]);
  const reported = new Set<string>();
  worker.on('message', ({ file, bytes, kept, memory: used }: Report) => {
    reported.add(file);
    memory = Math.max(memory, used);
    const count = `[${String(++done).padStart(2)}/${plan.shards}]`;
    console.log(`${count} process ${number} ${kept ? 'keeps' : 'wrote'} ${file}, ${mb(bytes)}`);
  });
  const [code, signal] = (await once(worker, 'close')) as [number | null, NodeJS.Signals | null];
  if (code === 0) return;
  if (signal === null) throw new Error(`process ${number} ended with ${code}`);
  console.log(`process ${number} was killed by ${signal}; another one does what it has left`);
  done -= reported.size;
  return part(number, shards, false);
}
const began = performance.now();
await Promise.all(
  Array.from({ length: processes }, (_, p) => {
    const shards = all.filter((shard) => shard % processes === p);
    return shards.length > 0 && part(p + 1, shards, flags.kill && p === 0);
  }),
);
const seconds = (performance.now() - began) / 1000;
clear();

const weights = all.flatMap((shard) =>
  piecesOf(plan, shard).map((range) => [nameOf(range), fileOf(plan, shard)] as const),
);
const total = slicesOf(plan).reduce((sum, [from, to]) => sum + 4 * (to - from), 0);
const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(weights) };
write(join(folder, INDEX), new TextEncoder().encode(`${JSON.stringify(index, null, 2)}\n`));

/** The values in the files, found by the index alone, in order. */
function* stored(): Generator<Float32Array> {
  const { weight_map: map } = JSON.parse(readFileSync(join(folder, INDEX), 'utf8')) as typeof index;
  for (const shard of all) {
    const tensors = read(folder, plan, shard);
    if (!tensors) throw new Error(`${fileOf(plan, shard)} is missing or damaged`);
    for (const name of Object.keys(map).filter((name) => map[name] === fileOf(plan, shard))) yield tensors[name].data;
  }
}
function* recomputed(): Generator<Float32Array> {
  for (const slice of slicesOf(plan)) yield make(plan, slice);
}
const [hash, expected] = [hashOf(stored()), hashOf(recomputed())];
const crossing = weights.length - plan.slices;
console.log(
  `\n${plan.slices} slices of ${SIZE} values, ${crossing} of them across shards: ${mb(total)} in ${seconds.toFixed(1)} s`,
);
if (memory > 0) console.log(`No process had more than ${mb(memory)} of memory; the whole is ${mb(4 * SIZE)}`);
console.log(`sha256 of the shards  ${hash}`);
console.log(
  `      of one process  ${expected}${hash === expected ? ', the same' : ', another: remove the folder and start again'}`,
);
console.log(`The index: ${join(folder, INDEX)}`);
if (hash !== expected) process.exitCode = 1;
