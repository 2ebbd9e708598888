// A process that writes some of the shards. It needs to know the plan and which, and nothing of what others do.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { random, safetensors, tensor } from 'fanwise';
import { read, write } from './files.js';
import { fileOf, make, metadataOf, nameOf, type Plan, piecesOf } from './plan.js';

export interface Work {
  folder: string;
  plan: Plan;
  shards: number[];
  /** To be killed in the middle of its second file, as a machine may be. */
  die: boolean;
}
export interface Told {
  file: string;
  bytes: number;
  kept: boolean;
  /** The most memory that this process has had. */
  memory: number;
}

async function tell(told: Omit<Told, 'memory'>): Promise<void> {
  const memory = 1024 * process.resourceUsage().maxRSS;
  await new Promise<void>((sent, failed) =>
    process.send!({ ...told, memory } satisfies Told, (error: Error | null) => (error ? failed(error) : sent())),
  );
}

const { folder, plan, shards, die }: Work = JSON.parse(process.argv[2]);
// In any order, another one each time: nothing depends on it.
const order = Array.from(random.philox(process.pid).permutation(shards.length), (at) => shards[at]);
for (const [at, shard] of order.entries()) {
  const file = fileOf(plan, shard);
  const there = read(folder, plan, shard);
  if (there) {
    await tell({ file, bytes: statSync(join(folder, file)).size, kept: true });
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
  await tell({ file, bytes: bytes.length, kept: false });
}
