// `npm run soak`: a million calls and ten thousand workspaces, with constant resident memory. Takes some minutes. An argument is the
// number of calls; there are a hundredth as many workspaces.

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import * as source from '../../src/index.js';
import {
  abortedTrainings,
  closedInStep,
  copyOf,
  goldenHashes,
  growthOf,
  hashesOfCopies,
  largestWorkspace,
  manyCalls,
  manyWorkspaces,
  resident,
  threadedFits,
} from './endurance.js';

const count = Number(process.argv[2] ?? 1e6);
/** A share of the calls, at least one of each kind. */
const one = (of: number) => Math.max(1, Math.round(count / of));
const report = (...words: unknown[]) => console.log(...words);
report(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}`,
);
if (!('gc' in globalThis)) report('Without --expose-gc the figures are those before garbage collection.');

/** Reports resident memory during a run. Error where it grows. */
async function constantMemory(name: string, run: (observe: () => Promise<void>) => Promise<void>): Promise<void> {
  const since = performance.now();
  const megabytes: number[] = [];
  await run(async () => void megabytes.push(await resident()));
  report(`${name}: ${((performance.now() - since) / 1000).toFixed(0)} s, resident MB ${megabytes.join(' ')}`);
  const growth = growthOf(megabytes);
  if (growth) throw new Error(`${name}: memory grew ${growth}`);
}

await constantMemory(`${count} calls`, (observe) => manyCalls(count, observe));
await constantMemory(`${one(100)} workspaces of 1 MiB`, (observe) => manyWorkspaces(one(100), 1 << 20, observe));
const built = (await import('fanwise')) as unknown as typeof source;
const builtThreads: typeof import('../../src/threads.js') = await import('fanwise/threads');
await constantMemory(`${one(1000)} trainings on two threads`, (observe) =>
  threadedFits(one(1000), built, builtThreads, observe),
);
await constantMemory(`${one(10_000)} workspaces closed in a step`, (observe) =>
  closedInStep(one(10_000), built, builtThreads, observe),
);
report(`a workspace of ${largestWorkspace()} bytes works to its end, one byte more is an error`);
report(`fit aborted at each of ${await abortedTrainings()} steps`);
const golden = readFileSync(new URL('../golden/golden.json', import.meta.url), 'utf8');
const results = await goldenHashes(8);
if (results.some((one) => one !== golden)) throw new Error('threads disturb each other');
report('8 threads at the same time compute the golden hashes');
const packages = [source, copyOf(), copyOf(), copyOf()];
const hashes = hashesOfCopies(packages);
if (new Set(hashes).size !== 1) throw new Error(`copies of the package disturb each other: ${hashes}`);
report('4 copies in one process have the same hash');
await constantMemory('memory at the end', async (observe) => {
  for (let i = 0; i < 10; i++) await observe();
});
