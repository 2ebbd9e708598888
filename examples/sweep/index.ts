// The study's grid as jobs, one for each network: initialiser x activation x depth x seed, on digits.
//
//   npx tsx examples/sweep/index.ts                                    worker processes of this machine, no server
//   npx tsx examples/sweep/index.ts --redis redis://127.0.0.1:6379     BullMQ; npm ci in examples/sweep, and a redis-server
//   npx tsx examples/sweep/index.ts --help
//
// Each result is stored once. It is the same to the last bit wherever it was made, since all random numbers of a job come from
// its cell. Results that are there are kept: after something was killed, the same command goes on where it was.

import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Cell, grid, idOf, nameOf } from './grid.js';
import { local, type Run } from './local.js';
import { queued } from './queue.js';
import { results } from './results.js';

const { values: flags } = parseArgs({
  options: {
    redis: { type: 'string' },
    workers: { type: 'string' },
    quick: { type: 'boolean', default: false },
    out: { type: 'string', default: 'out/sweep' },
    lock: { type: 'string', default: '5000' },
    kill: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (flags.help) {
  console.log(`npx tsx examples/sweep/index.ts [options]
  --redis redis://host:port   jobs on BullMQ; without it, on this machine only
  --workers 2                 worker processes; 3 with --redis, 0 if other machines do the work
  --quick                     a small grid of small networks
  --out out/sweep             the folder of results; those that are there are kept
  --lock 5000                 with --redis: milliseconds after which the job of a silent worker goes to another
  --kill                      kill a worker in the middle of a job; another one does it again`);
  process.exit();
}
function whole(name: 'workers' | 'lock', fallback: number, least: number, most: number): number {
  const n = Number(flags[name] ?? fallback);
  if (Number.isInteger(n) && n >= least && n <= most) return n;
  console.error(`--${name} is ${flags[name]}; pass a whole number from ${least} to ${most}`);
  process.exit(1);
}
const { redis } = flags;
const workers = redis === undefined ? whole('workers', 2, 1, 256) : whole('workers', 3, 0, 256);
const lock = whole('lock', 5000, 500, 600_000);

const cells = new Map<string, Cell>(grid(flags.quick ? 'quick' : 'full').map((cell) => [idOf(cell), cell]));
const store = results(flags.out);
const missing = [...cells].filter(([id]) => !store.has(id)).map(([id, cell]) => ({ id, cell }));
let done = cells.size - missing.length;
console.log(`${cells.size} jobs, ${done} of them done before`);

let killing = flags.kill;
const began = performance.now();
const run: Run = {
  workers,
  began(id, worker) {
    // After a third of the jobs.
    if (!killing || 3 * done < cells.size) return;
    killing = false;
    worker.kill('SIGKILL');
    console.log(`        worker ${worker.pid} is to die in ${nameOf(cells.get(id)!)}`);
  },
  finished(id, result) {
    if (!store.put(id, result)) return; // another process has stored it
    const { loss, accuracy } = result;
    const text = loss === null ? 'not finite any more' : `loss ${loss.toFixed(4)}, ${(100 * accuracy).toFixed(1)} %`;
    console.log(`[${String(++done).padStart(2)}/${cells.size}] ${nameOf(cells.get(id)!).padEnd(34)}${text}`);
  },
  killed: (worker, signal) => console.log(`        worker ${worker.pid} was killed by ${signal}`),
  again: (id) => console.log(`        ${nameOf(cells.get(id)!)} was lost, and is done again`),
};
try {
  if (missing.length > 0)
    await (redis === undefined ? local(missing, run) : queued(missing, { ...run, url: redis, lock }));
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
const seconds = (performance.now() - began) / 1000;

const all = [...cells].map(([id, cell]) => ({ cell, result: store.get(id) }));
const distinct = <K extends keyof Cell>(key: K) => [...new Set(all.map(({ cell }) => cell[key]))];
const columns = distinct('depth').flatMap((depth) =>
  distinct('activation').map((activation) => ({ depth, activation })),
);
console.log(
  `\nAccuracy in per cent on a thousand test digits, by initialiser and depth, mean of ${distinct('seed').length} seeds:`,
);
console.log(
  `    ${''.padEnd(10)}${columns.map(({ activation, depth }) => `${activation} ${depth}`.padStart(9)).join('')}`,
);
for (const initialiser of distinct('initialiser')) {
  const row = columns.map(({ depth, activation }) => {
    const found = all.filter(
      ({ cell }) => cell.initialiser === initialiser && cell.depth === depth && cell.activation === activation,
    );
    return (100 * found.reduce((sum, { result }) => sum + result.accuracy, 0)) / found.length;
  });
  console.log(`    ${initialiser.padEnd(10)}${row.map((mean) => mean.toFixed(1).padStart(9)).join('')}`);
}
const hash = createHash('sha256').update(JSON.stringify(all)).digest('hex');
console.log(`\n${missing.length} jobs in ${seconds.toFixed(1)} s; sha256 of all results ${hash}`);
