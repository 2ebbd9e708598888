// Helpers for tests of threads: they compare bits, collect steps, and see the workers of this process.

import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll } from 'vitest';
import type { Job, Request } from '../../src/threads/worker.js';

/** Whether two arrays have the same bits. */
export const same = (a: Float32Array, b: Float32Array) =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));

/** All values of an iterator, such as the steps of a training. */
export const all = async <T>(values: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
};

/** What a thread is sent: the kind of a job, or another message by its first property. */
type Sent = Job['kind'] | 'memory' | 'poll';

/** Records the workers that are started while the tests of a group run, in order, and the messages that they are sent. */
export function spyOnWorkers(): { workers: Worker[]; sent: Sent[] } {
  const builtin = process.getBuiltinModule('node:worker_threads') as { Worker: typeof Worker };
  const Original = builtin.Worker;
  const seen: { workers: Worker[]; sent: Sent[] } = { workers: [], sent: [] };
  beforeAll(() => {
    builtin.Worker = class extends Original {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        seen.workers.push(this);
      }
      override postMessage(message: Request): void {
        seen.sent.push('job' in message ? message.job.kind : 'poll' in message ? 'poll' : 'memory');
        super.postMessage(message);
      }
    };
  });
  afterAll(() => {
    builtin.Worker = Original;
  });
  return seen;
}
