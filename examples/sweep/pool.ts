// Worker processes on this machine. One that is killed is replaced; one that breaks by itself ends the whole.

import { type ChildProcess, fork } from 'node:child_process';
import type { Cell, Result } from './grid.js';

export interface Job {
  id: string;
  cell: Cell;
}
/** What a worker says: that it is ready for a job, that it has begun one, or what came of it. */
export type Told = { ready: true } | { began: string } | { id: string; result: Result };
/** What it is told: a job, where no queue hands them out, or to end when it has finished its own. */
export type Order = Job | 'stop';

export interface Events {
  began(id: string, worker: ChildProcess): void;
  /** Without a queue. */
  ready?(worker: ChildProcess): void;
  finished?(id: string, result: Result, worker: ChildProcess): void;
  killed(worker: ChildProcess, signal: NodeJS.Signals): void;
}

export function pool(count: number, args: string[], events: Events) {
  const workers = new Set<ChildProcess>();
  let stopping = false;
  let broke: (error: Error) => void;
  const broken = new Promise<never>((_, reject) => (broke = reject));
  broken.catch(() => {}); // whoever waits for the results sees it

  const start = () => {
    const worker = fork(new URL('./worker.ts', import.meta.url), args);
    workers.add(worker);
    worker.on('message', (told: Told) => {
      if ('began' in told) events.began(told.began, worker);
      else if ('ready' in told) events.ready?.(worker);
      else events.finished?.(told.id, told.result, worker);
    });
    worker.on('error', (error) => broke(error));
    worker.on('close', (code, signal) => {
      workers.delete(worker);
      if (signal) events.killed(worker, signal);
      else if (code !== 0) broke(new Error(`a worker ended with ${code}`));
      if (signal && !stopping) start();
    });
  };
  for (let i = 0; i < count; i++) start();

  return {
    /** Rejects when a worker breaks. */
    broken,
    /** Ends when all workers have. */
    async stop(): Promise<void> {
      stopping = true;
      await Promise.all(
        [...workers].map((worker) => {
          const closed = new Promise((done) => worker.once('close', done));
          worker.send('stop' satisfies Order, () => {}); // one that has just ended is not told
          return closed;
        }),
      );
    },
  };
}
