// Starts workers, Node's or a page's, by one interface.

import type { Answer } from './worker.js';

/** A worker: Node's, which Bun and Deno have too, or a page's. */
export interface Thread {
  postMessage(message: unknown): void;
  terminate(): unknown;
  ref?(): void;
  unref?(): void;
  on?(event: string, listener: (value: never) => void): void;
  onmessage?: unknown;
  onerror?: unknown;
}

type NodeThreads = { Worker: new (url: URL, options: object) => Thread };
const nodeThreads = () =>
  (
    globalThis as { process?: { getBuiltinModule?(name: string): NodeThreads | undefined } }
  ).process?.getBuiltinModule?.('node:worker_threads');

const misplaced = (cause: unknown) =>
  new Error(
    'workspace: worker.js, which threads run, is not beside this file; docs/threads.md has what to tell a bundler',
    { cause },
  );

/** Starts a page's worker, by an expression that bundlers recognise. */
function startInPage(): Thread {
  if (typeof Worker === 'undefined')
    throw new Error(
      'workspace: this runtime has no workers (Node has them for a package from 20.16 and 22.3 on); leave threads out',
    );
  const url: string | undefined = import.meta.url;
  // A page cannot start a worker from another origin, but a worker of its own can import from there.
  if (url?.startsWith('http') && new URL(url).origin !== location.origin) {
    const text = `import ${JSON.stringify(new URL('./worker.js', url))};`;
    return new Worker(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })), { type: 'module' });
  }
  try {
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  } catch (cause) {
    throw misplaced(cause);
  }
}

/** Starts Node's worker, by an expression that bundlers do not recognise: they would bundle the worker into a second file. */
function startInNode({ Worker }: NodeThreads): Thread {
  try {
    // Without the process's flags: those of a program given as text (node -e) are errors for a worker.
    return new Worker(new URL('./worker.js', import.meta.url), { execArgv: [] });
  } catch (cause) {
    throw misplaced(cause);
  }
}

/** Starts a worker. `answered` is called with each answer, `ended` with the reason when the worker ends. */
export function startThread(answered: (answer: Answer) => void, ended: (why: string) => void): Thread {
  const node = nodeThreads();
  if (node) {
    const thread = startInNode(node);
    thread.on?.('message', answered as never);
    thread.on?.('error', ((error: Error) => ended(error.message)) as never);
    thread.on?.('exit', ((code: number) => ended(`exit code ${code}`)) as never);
    thread.unref?.();
    return thread;
  }
  const thread = startInPage();
  thread.onmessage = ({ data }: { data: Answer }) => answered(data);
  thread.onerror = ({ message }: { message?: string }) =>
    ended(message ?? 'fanwise/threads/worker.js, which threads run, could not be loaded');
  return thread;
}
