// A worker of either kind, Node's or a page's, by one interface.

import type { Answer } from './worker.js';

/** Either kind of worker: Node's, which Bun and Deno have as well, or that of pages. */
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

/** Why a thread did not start: a bundle does not know where it is, or what the engine says. */
const notStarted = (cause: unknown) =>
  new Error(
    import.meta.url
      ? `workspace: a thread could not be started; ${cause}`
      : 'workspace: worker.js, which threads run, is not beside this file; docs/threads.md has what to tell a bundler',
    { cause },
  );

/** In the way that bundlers know. */
function startInPage(): Thread {
  if (typeof Worker === 'undefined')
    throw new Error(
      'workspace: this runtime has no workers (Node has them for a package from 20.16 and 22.3 on); leave threads out',
    );
  const url: string | undefined = import.meta.url;
  // A page starts none from another origin, but one of its own that imports from there.
  if (url?.startsWith('http') && new URL(url).origin !== location.origin) {
    const text = `import ${JSON.stringify(new URL('./worker.js', url))};`;
    return new Worker(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })), { type: 'module' });
  }
  try {
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  } catch (cause) {
    throw notStarted(cause);
  }
}

/** In a way that no bundler knows: it would make a file of its own of it, which is then a part of what it imports. */
function startInNode({ Worker }: NodeThreads): Thread {
  try {
    // Without the process's own flags: a program given as text (node -e) has some that a file may not have.
    return new Worker(new URL('./worker.js', import.meta.url), { execArgv: [] });
  } catch (cause) {
    throw notStarted(cause);
  }
}

/** Starts a worker of either kind; `answered` hears its answers, `ended` that there will be none. */
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
