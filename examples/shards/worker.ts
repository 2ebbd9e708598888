// A process that writes some of the shards. It needs the plan and their numbers, and nothing of other processes.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { random, safetensors, tensor } from 'fanwise';
import { read, write } from './files.js';
import { fileOf, make, metadataOf, nameOf, type Plan, piecesOf } from './plan.js';

export interface Work {
  folder: string;
  plan: Plan;
  shards: number[];
  /** Whether it kills itself in the middle of its second file, as a failing machine would. */
  die: boolean;
}
export interface Report {
  file: string;
  bytes: number;
  kept: boolean;
  /** The largest amount of memory that this process has used. */
  memory: number;
}

async function report(file: Omit<Report, 'memory'>): Promise<void> {
  const memory = 1024 * process.resourceUsage().maxRSS;
  await new Promise<void>((sent, failed) =>
    process.send!({ ...file, memory } satisfies Report, (error: Error | null) => (error ? failed(error) : sent())),
  );
}

const { folder, plan, shards, die }: Work = JSON.parse(process.argv[2]);
// In a random order, which changes nothing.
const order = Array.from(random.philox(process.pid).permutation(shards.length), (at) => shards[at]);
for (const [at, shard] of order.entries()) {
  const file = fileOf(plan, shard);
  const present = read(folder, plan, shard);
  if (present) {
    await report({ file, bytes: statSync(join(folder, file)).size, kept: true });
    continue;
  }
  const pieces = piecesOf(plan, shard).map((range) => [
    nameOf(range),
    tensor([range[1] - range[0]], make(plan, range)),
  ]);
  const bytes = safetensors.encode(Object.fromEntries(pieces), { metadata: metadataOf(plan) });
  const dying = die && at >= Math.min(1, order.length - 1);
  write(join(folder, file), bytes, (written) => {
    if (dying && written > bytes.length / 2) process.kill(process.pid, 'SIGKILL');
  });
  await report({ file, bytes: bytes.length, kept: false });
}
