// Worker processes on this machine. One that is killed is replaced. One that fails by itself ends everything.

import { type ChildProcess, fork } from 'node:child_process';
import type { Cell, Result } from './grid.js';

export interface Job {
  id: string;
  cell: Cell;
}
/** What a worker reports: that it is ready for a job, that it has begun one, or a result. */
export type Report = { ready: true } | { began: string } | { id: string; result: Result };
/** What a worker is sent: a job, if there is no queue, or to stop after its current job. */
export type Order = Job | 'stop';

export interface Events {
  began(id: string, worker: ChildProcess): void;
  /** Only without a queue. */
  ready?(worker: ChildProcess): void;
  finished?(id: string, result: Result, worker: ChildProcess): void;
  killed(worker: ChildProcess, signal: NodeJS.Signals): void;
}

export function pool(count: number, args: string[], events: Events) {
  const workers = new Set<ChildProcess>();
  let stopping = false;
  let fail: (error: Error) => void;
  const broken = new Promise<never>((_, reject) => (fail = reject));
  broken.catch(() => {}); // the caller handles it

  const start = () => {
    const worker = fork(new URL('./worker.ts', import.meta.url), args);
    workers.add(worker);
    worker.on('message', (report: Report) => {
      if ('began' in report) events.began(report.began, worker);
      else if ('ready' in report) events.ready?.(worker);
      else events.finished?.(report.id, report.result, worker);
    });
    worker.on('error', (error) => fail(error));
    worker.on('close', (code, signal) => {
      workers.delete(worker);
      if (signal) events.killed(worker, signal);
      else if (code !== 0) fail(new Error(`a worker ended with ${code}`));
      if (signal && !stopping) start();
    });
  };
  for (let i = 0; i < count; i++) start();

  return {
    /** Rejects when a worker fails. */
    broken,
    /** Resolves when all workers have ended. */
    async stop(): Promise<void> {
      stopping = true;
      await Promise.all(
        [...workers].map((worker) => {
          const closed = new Promise((done) => worker.once('close', done));
          worker.send('stop' satisfies Order, () => {}); // fails for a worker that has just ended
          return closed;
        }),
      );
    },
  };
}
