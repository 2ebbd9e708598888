// `npm run soak`: a million calls and ten thousand workspaces; resident memory is to stay where it is. Some minutes.
// With an argument so many calls, and a hundredth of it workspaces.

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import * as source from '../../src/index.js';
import {
  aborted,
  copies,
  copyOf,
  cut,
  limits,
  mixed,
  resident,
  threadedFits,
  threads,
  workspaces,
} from './endurance.js';

const count = Number(process.argv[2] ?? 1e6);
const report = (...words: unknown[]) => console.log(...words);
report(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}`,
);
if (!('gc' in globalThis)) report('Without --expose-gc the figures are those before garbage was collected.');

/** What is resident along the way; the second half of it is to be no more than a tenth above the first. */
async function flat(name: string, run: (look: () => Promise<void>) => Promise<void>): Promise<void> {
  const since = performance.now();
  const megabytes: number[] = [];
  await run(async () => void megabytes.push(await resident()));
  report(`${name}: ${((performance.now() - since) / 1000).toFixed(0)} s, resident MB ${megabytes.join(' ')}`);
  const [early, late] = [Math.max(...megabytes.slice(1, 5)), Math.max(...megabytes.slice(5))];
  if (late > 1.1 * early) throw new Error(`${name}: memory grew from ${early} to ${late} MB`);
}

await flat(`${count} calls`, (look) => mixed(count, look));
await flat(`${count / 100} workspaces of 1 MiB`, (look) => workspaces(count / 100, 1 << 20, look));
const built: typeof source = await import('fanwise');
const builtThreads: typeof import('../../src/threads.js') = await import('fanwise/threads');
await flat(`${count / 1000} trainings on two threads`, (look) => threadedFits(count / 1000, built, builtThreads, look));
await flat(`${count / 10_000} workspaces closed in a step`, (look) => cut(count / 10_000, built, builtThreads, look));
report(`a workspace of ${limits()} bytes works to its end, one more is an error`);
report(`fit broken off at each of ${await aborted()} steps`);
const golden = readFileSync(new URL('../golden/golden.json', import.meta.url), 'utf8');
const made = await threads(8);
if (made.some((one) => one !== golden)) throw new Error('threads disturb each other');
report('8 threads at a time make the golden hashes');
const packages = [source, copyOf(), copyOf(), copyOf()];
const hashes = copies(packages);
if (new Set(hashes).size !== 1) throw new Error(`copies of the package disturb each other: ${hashes}`);
report('4 copies in one process make the same hash');
await flat('memory after all', async (look) => {
  for (let i = 0; i < 10; i++) await look();
});
