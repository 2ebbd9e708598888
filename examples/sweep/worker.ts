// A worker process. index.ts starts some; you can start more on any machine that reaches the Redis:
//
//   npx tsx examples/sweep/worker.ts --redis redis://127.0.0.1:6379

import { parseArgs } from 'node:util';
import { train } from './grid.js';
import type { Order, Report } from './pool.js';
import { work } from './queue.js';

const { values: flags } = parseArgs({
  options: { redis: { type: 'string' }, lock: { type: 'string', default: '5000' } },
});
const { redis: url } = flags;
const send = (report: Report) => void process.send?.(report);

/** Resolves when the current job is done. */
let close = async () => {};
async function end(): Promise<void> {
  await close();
  process.exit();
}
process.on('SIGTERM', end);
// The process that started it is gone. A queue gives the job to another worker.
process.on('disconnect', () => process.exit());
process.on('message', (order: Order) => {
  if (order === 'stop') return void end();
  const { id, cell } = order;
  send({ began: id });
  const job = train(cell).then((result) => {
    send({ id, result });
    send({ ready: true });
  });
  close = () => job;
});

try {
  if (url !== undefined) close = await work({ url, lock: Number(flags.lock) }, train, (id) => send({ began: id }));
  else if (process.send) send({ ready: true });
  else throw new Error('a worker by itself needs a queue; pass --redis redis://host:port');
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
