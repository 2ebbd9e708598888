// The jobs on this machine, with no server: each worker is handed one after the other.

import type { ChildProcess } from 'node:child_process';
import type { Result } from './grid.js';
import { type Job, type Order, pool } from './pool.js';

export interface Run {
  workers: number;
  began(id: string, worker: ChildProcess): void;
  finished(id: string, result: Result): void;
  killed(worker: ChildProcess, signal: NodeJS.Signals): void;
  again(id: string): void;
}

/** A job that has had so many workers killed is what kills them. */
const MOST = 5;

export async function local(jobs: Job[], { workers, began, finished, killed, again }: Run): Promise<void> {
  const waiting = [...jobs];
  const idle = new Set<ChildProcess>();
  const held = new Map<ChildProcess, Job>();
  const lost = new Map<string, number>();
  let missing = jobs.length;
  let [done, failed] = [() => {}, (_: Error) => {}];
  const over = new Promise<void>((resolve, reject) => ([done, failed] = [resolve, reject]));
  const hand = () => {
    for (const worker of idle) {
      const job = waiting.shift();
      if (!job) return;
      idle.delete(worker);
      held.set(worker, job);
      worker.send(job satisfies Order, () => {}); // to one that has just been killed it is not sent; its end is told
    }
  };
  const { broken, stop } = pool(workers, [], {
    began,
    ready(worker) {
      idle.add(worker);
      hand();
    },
    finished(id, result, worker) {
      held.delete(worker);
      finished(id, result);
      if (--missing === 0) done();
    },
    killed(worker, signal) {
      killed(worker, signal);
      idle.delete(worker);
      const job = held.get(worker);
      if (!job) return;
      held.delete(worker);
      const times = (lost.get(job.id) ?? 0) + 1;
      lost.set(job.id, times);
      if (times === MOST) failed(new Error(`${job.id} has had ${MOST} workers killed`));
      again(job.id);
      waiting.unshift(job);
      hand();
    },
  });
  try {
    await Promise.race([over, broken]);
  } finally {
    await stop();
  }
}
