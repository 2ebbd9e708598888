// Memory for arrays: of this thread, or shared by several.

import { options, whole } from './argument.js';
import { workspace as single, type Workspace } from './home.js';
import { shared, type Threads } from './threads.js';

const where = 'workspace';

/**
 * Memory of `bytes` bytes (at most 4 GiB less 128 KiB, and 64 KiB for each thread). Arrays made on it are ordinary typed
 * arrays on which kernels run in place. With threads: memory that so many threads share, and twins of the functions that
 * run on them; in a page it has to be isolated, by two headers that the error names.
 */
export function workspace(given: { bytes: number; threads: number }): Promise<Threads>;
export function workspace(given: { bytes: number }): Workspace;
export function workspace(given: { bytes: number; threads?: number }): Workspace | Promise<Threads> {
  const { bytes, threads } = options(where, given, ['bytes', 'threads']);
  if (threads === undefined) return single({ bytes: bytes as number });
  whole(where, 'bytes', bytes);
  whole(where, 'threads', threads, { least: 1, most: 64 });
  return crew(bytes as number, threads);
}

async function crew(bytes: number, threads: number): Promise<Threads> {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (isolated === false || typeof SharedArrayBuffer === 'undefined')
    throw new Error(
      `${where}: threads need shared memory, which ${isolated ? 'this engine does not give to pages, isolated as this one is' : 'a page has that is served with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp'}`,
    );
  return shared(bytes, threads);
}
