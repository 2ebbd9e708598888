// A worker process: index.ts starts some. Others may help, from any machine that reaches the Redis:
//
//   npx tsx examples/sweep/worker.ts --redis redis://127.0.0.1:6379

import { parseArgs } from 'node:util';
import { train } from './grid.js';
import type { Order, Told } from './pool.js';
import { work } from './queue.js';

const { values: flags } = parseArgs({
  options: { redis: { type: 'string' }, lock: { type: 'string', default: '5000' } },
});
const { redis: url } = flags;
const tell = (told: Told) => void process.send?.(told);

/** Ends when the job that is under way has. */
let close = async () => {};
async function end(): Promise<void> {
  await close();
  process.exit();
}
process.on('SIGTERM', end);
// Whoever has started it is gone, and nobody is told: a queue gives the job to another.
process.on('disconnect', () => process.exit());
process.on('message', (order: Order) => {
  if (order === 'stop') return void end();
  const { id, cell } = order;
  tell({ began: id });
  const job = train(cell).then((result) => {
    tell({ id, result });
    tell({ ready: true });
  });
  close = () => job;
});

try {
  if (url !== undefined) close = await work({ url, lock: Number(flags.lock) }, train, (id) => tell({ began: id }));
  else if (process.send) tell({ ready: true });
  else throw new Error('a worker by itself needs a queue; pass --redis redis://host:port');
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
