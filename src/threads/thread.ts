// Starts workers, Node's or a page's, by one interface. Their program travels inside this package as a text, as the modules do: a
// file beside this one would have to be found by every bundler and server, and many do not find it.

import { what } from '../check.js';
import { modules } from '../wasm/module.js';
import { code } from './generated/worker.js';
import type { Answer } from './worker.js';

/** What a Worker of a page and one of Node have in common. */
interface AnyWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
}
/** A function of the user's that gives a worker of fanwise/threads/worker.js. */
export type MakeWorker = () => AnyWorker;

/** A worker: Node's, which Bun and Deno have too, or a page's. */
export interface Thread extends AnyWorker {
  ref?(): void;
  unref?(): void;
  on?(event: string, listener: (value: never) => void): void;
  onmessage?: unknown;
  onerror?: unknown;
}

type NodeThreads = { Worker: new (text: string, options: object) => Thread };
function nodeThreads(): NodeThreads | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): NodeThreads | undefined } };
  try {
    return process?.getBuiltinModule?.('node:worker_threads');
  } catch {
    return undefined; // Next's edge runtime throws at what it does not have.
  }
}

/** The program of a thread: the texts of the modules, which this file has anyway, and the code without them. */
const program = () => `const TEXTS=${JSON.stringify(modules.map(({ text }) => text))};${code}`;

/** The address of the program, for a page's workers. */
let address: string | undefined;

const POLICY = 'a content security policy has to have blob: in worker-src; or pass worker (docs/threads.md)';

/** Starts a worker that runs the program: Node's, if there are `node`'s. */
function startProgram(node: NodeThreads | undefined): Thread {
  // Without the process's flags: those of a program given as text (node -e) are errors for a worker.
  if (node) return new node.Worker(program(), { eval: true, execArgv: [] });
  address ??= URL.createObjectURL(new Blob([program()], { type: 'text/javascript' }));
  return new Worker(address);
}

/**
 * Starts a worker, by `worker` if there is one. `answered` is called with each answer, `ended` with the reason when the worker ends.
 */
export function startThread(
  worker: MakeWorker | undefined,
  answered: (answer: Answer) => void,
  ended: (why: string) => void,
): Thread {
  const node = nodeThreads();
  if (!worker && !node && typeof Worker === 'undefined')
    throw new Error(
      'workspace: this runtime has no workers (Node has them for a package from 20.16 and 22.3 on); use workspace({ bytes }) of fanwise, which has no threads',
    );
  let thread: Thread;
  try {
    thread = worker ? worker() : startProgram(node);
  } catch (cause) {
    const advice = worker || node ? '' : `; ${POLICY}`;
    throw new Error(`workspace: a thread could not be started; ${cause}${advice}`, { cause });
  }
  if (typeof thread?.postMessage !== 'function')
    throw new TypeError(`workspace: worker gave ${what(thread)}; give a new Worker of fanwise/threads/worker.js`);
  if (thread.on) {
    thread.on('message', answered as never);
    thread.on('error', ((error: Error) => ended(error.message)) as never);
    thread.on('exit', ((code: number) => ended(`exit code ${code}`)) as never);
    thread.unref?.();
  } else {
    thread.onmessage = ({ data }: { data: Answer }) => answered(data);
    // Without a message where the program was not loaded.
    thread.onerror = ({ message }: { message?: string }) =>
      ended(
        message ??
          (worker
            ? 'the Worker that worker gave has not loaded; serve fanwise/threads/worker.js as JavaScript, with the header Cross-Origin-Embedder-Policy: require-corp'
            : POLICY),
      );
  }
  return thread;
}
