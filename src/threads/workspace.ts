// The workspace of fanwise/threads.

import { options, whole } from '../check.js';
import { shared, type Threads } from './threads.js';

/**
 * Memory of `bytes` bytes (at most 4 GiB less 128 KiB, and 64 KiB for each thread) that so many threads share, and twins of
 * the functions that run on them. Arrays made on it are ordinary typed arrays on which kernels run in place. A page has to be
 * isolated, by two headers that the error names.
 */
export async function workspace(given: { bytes: number; threads: number }): Promise<Threads> {
  const where = 'workspace';
  const { bytes, threads } = options(where, given, ['bytes', 'threads']);
  whole(where, 'bytes', bytes);
  whole(where, 'threads', threads, { least: 1, most: 64 });
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (isolated === false || typeof SharedArrayBuffer === 'undefined')
    throw new Error(
      `${where}: threads need shared memory, which ${isolated ? 'this engine does not give to pages, isolated as this one is' : 'a page has that is served with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp'}`,
    );
  return shared(bytes as number, threads as number);
}
