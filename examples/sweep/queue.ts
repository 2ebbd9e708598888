// The jobs on BullMQ over Redis: workers may be on any machine that reaches it.
//
// A worker holds a lock on its job and renews it while it trains. If the worker is killed, the lock expires. Each worker looks
// for such stalled jobs now and then, and they go to another worker. If a worker was only slow, it has lost its lock and its
// result is refused, so a job completes once. The name of a job follows from what is in it, so adding all jobs again adds only
// those that are missing. Completed jobs stay in Redis with their results, where a second start finds them.

import { connect } from 'node:net';
import type { Cell, Result } from './grid.js';
import type { Run } from './local.js';
import { type Job, pool } from './pool.js';

/** The part of BullMQ that is used. Its own types would need its package, and this file is checked without it. */
interface Bullmq {
  Queue: new (name: string, options: object) => Queue;
  QueueEvents: new (name: string, options: object) => Emitter & { waitUntilReady(): Promise<unknown> };
  Worker: new (name: string, work: (job: QueuedJob) => Promise<Result>, options: object) => Emitter;
}
interface Emitter {
  // biome-ignore lint/suspicious/noExplicitAny: each event has its own
  on(event: string, listener: (value: any) => void): unknown;
  close(): Promise<void>;
}
interface Queue extends Emitter {
  addBulk(jobs: { name: string; data: Cell; opts: { jobId: string } }[]): Promise<QueuedJob[]>;
  getJob(id: string): Promise<QueuedJob | undefined>;
}
interface QueuedJob {
  id: string;
  data: Cell;
  finishedOn?: number;
  failedReason?: string;
  returnvalue: Result;
  isFailed(): Promise<boolean>;
  retry(): Promise<void>;
}

const NAME = 'fanwise-sweep';

async function bullmq(): Promise<Bullmq> {
  const name = 'bullmq'; // a variable, so that TypeScript does not look for the package
  try {
    return (await import(name)) as Bullmq;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new Error('there is no bullmq; run npm ci in examples/sweep', { cause });
  }
}

/** Error if there is no Redis: BullMQ would wait for ever. */
const reach = (url: string) =>
  new Promise<void>((resolve, reject) => {
    const { hostname, port, protocol } = new URL(url);
    if (!/^rediss?:$/.test(protocol)) return reject(new Error(`--redis is ${url}; pass redis://host:port`));
    const socket = connect({ host: hostname, port: Number(port || 6379), timeout: 5000 });
    const fail = (cause?: Error) => {
      socket.destroy();
      reject(new Error(`there is no Redis at ${url}; redis-server starts one`, { cause }));
    };
    socket.once('error', fail);
    socket.once('timeout', () => fail());
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });

/** Puts jobs into the queue, starts workers on this machine, and waits for the results. */
export async function queued(
  jobs: Job[],
  { url, lock, workers, began, finished, killed, again }: Run & { url: string; lock: number },
): Promise<void> {
  const { Queue, QueueEvents } = await bullmq();
  await reach(url);
  const connection = { url };
  const queue = new Queue(NAME, { connection });
  const events = new QueueEvents(NAME, { connection });
  for (const one of [queue, events]) one.on('error', (error: Error) => console.error(error.message)); // it reconnects by itself
  const missing = new Set(jobs.map(({ id }) => id));
  let wake = () => {};
  for (const event of ['completed', 'failed']) events.on(event, () => wake());
  events.on('stalled', ({ jobId }: { jobId: string }) => missing.has(jobId) && again(jobId));

  /** Collects results after each event, and every second, since an event may be missed. */
  const collect = async () => {
    while (true) {
      for (const id of missing) {
        const job = await queue.getJob(id);
        if (!job) throw new Error(`${id} has been taken out of the queue`);
        if (job.finishedOn === undefined) continue;
        if (job.failedReason) throw new Error(`${id} failed: ${job.failedReason}`);
        missing.delete(id);
        finished(id, job.returnvalue);
      }
      if (missing.size === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };

  let stop = async () => {};
  try {
    await events.waitUntilReady();
    const added = await queue.addBulk(jobs.map(({ id, cell }) => ({ name: 'train', data: cell, opts: { jobId: id } })));
    // Jobs that failed in an earlier run are tried again.
    for (const job of added) if (await job.isFailed()) await job.retry();
    const own = pool(workers, ['--redis', url, '--lock', String(lock)], { began, killed });
    stop = own.stop;
    await Promise.race([collect(), own.broken]);
  } finally {
    await stop();
    await events.close();
    await queue.close();
  }
}

/** A worker of the queue. Returns a function that ends it when its job is done. */
export async function work(
  { url, lock }: { url: string; lock: number },
  train: (cell: Cell) => Promise<Result>,
  began: (id: string) => void,
): Promise<() => Promise<void>> {
  const { Worker } = await bullmq();
  await reach(url);
  const worker = new Worker(
    NAME,
    (job) => {
      began(job.id);
      return train(job.data);
    },
    // By default a job may stall once, which is too few where machines fail often. A job that kills its workers still ends.
    { connection: { url }, lockDuration: lock, stalledInterval: lock / 2, maxStalledCount: 5 },
  );
  worker.on('error', (error: Error) => console.error(`worker ${process.pid}: ${error.message}`));
  return () => worker.close();
}
