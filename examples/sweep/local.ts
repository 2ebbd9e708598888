// The jobs on this machine, without a server: each worker gets one after the other.

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

/** A job whose workers were killed so often is the likely cause. */
const MAX_LOSSES = 5;

export async function local(jobs: Job[], { workers, began, finished, killed, again }: Run): Promise<void> {
  const waiting = [...jobs];
  const idle = new Set<ChildProcess>();
  const held = new Map<ChildProcess, Job>();
  const lost = new Map<string, number>();
  let missing = jobs.length;
  let [done, failed] = [() => {}, (_: Error) => {}];
  const over = new Promise<void>((resolve, reject) => ([done, failed] = [resolve, reject]));
  const assign = () => {
    for (const worker of idle) {
      const job = waiting.shift();
      if (!job) return;
      idle.delete(worker);
      held.set(worker, job);
      worker.send(job satisfies Order, () => {}); // sending to a worker that was just killed fails; `killed` is called for it
    }
  };
  const { broken, stop } = pool(workers, [], {
    began,
    ready(worker) {
      idle.add(worker);
      assign();
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
      if (times === MAX_LOSSES) failed(new Error(`${job.id} has had ${MAX_LOSSES} workers killed`));
      again(job.id);
      waiting.unshift(job);
      assign();
    },
  });
  try {
    await Promise.race([over, broken]);
  } finally {
    await stop();
  }
}
