// What tests of threads need: to compare bits, to take steps, and to see the workers of this process.

import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll } from 'vitest';

/** Whether two arrays have the same bits. */
export const same = (a: Float32Array, b: Float32Array) =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));

export const all = async <T>(values: AsyncIterable<T>): Promise<T[]> => {
  const made: T[] = [];
  for await (const value of values) made.push(value);
  return made;
};

/** The workers that are started while the tests of a group run, the latest last, and the kinds of jobs they are sent. */
export function spied(): { made: Worker[]; sent: string[] } {
  const builtin = process.getBuiltinModule('node:worker_threads') as { Worker: typeof Worker };
  const Original = builtin.Worker;
  const seen: { made: Worker[]; sent: string[] } = { made: [], sent: [] };
  beforeAll(() => {
    builtin.Worker = class extends Original {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        seen.made.push(this);
      }
      override postMessage(message: { job?: { kind: string } }): void {
        seen.sent.push(message.job?.kind ?? Object.keys(message)[0]);
        super.postMessage(message);
      }
    };
  });
  afterAll(() => {
    builtin.Worker = Original;
  });
  return seen;
}
