// Workers and their jobs: what they are told and in which order, who hears the answers, and what becomes of them when a
// worker ends.

import type { Crew, Stepped } from '../nn/step.js';
import { type Asking, asking, partOf } from './barrier.js';
import type { Task } from './task.js';
import type { Answer, Job, Request } from './worker.js';

/** Either kind of worker: Node's, which Bun and Deno have as well, or that of pages. */
interface Thread {
  postMessage(message: unknown): void;
  terminate(): unknown;
  ref?(): void;
  unref?(): void;
  on?(event: string, listener: (value: never) => void): void;
  onmessage?: unknown;
  onerror?: unknown;
}

type NodeThreads = { Worker: new (url: URL, options: object) => Thread };
const nodes = () =>
  (
    globalThis as { process?: { getBuiltinModule?(name: string): NodeThreads | undefined } }
  ).process?.getBuiltinModule?.('node:worker_threads');

const misplaced = (cause: unknown) =>
  new Error(
    'workspace: worker.js, which threads run, is not beside this file; docs/threads.md has what to tell a bundler',
    { cause },
  );

/** In the way that bundlers know. */
function inPage(): Thread {
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
    throw misplaced(cause);
  }
}

/** In a way that no bundler knows: it would make a file of its own of it, which is then a part of what it imports. */
function inNode({ Worker }: NodeThreads): Thread {
  try {
    // Without the process's own flags: a program given as text (node -e) has some that a file may not have.
    return new Worker(new URL('./worker.js', import.meta.url), { execArgv: [] });
  } catch (cause) {
    throw misplaced(cause);
  }
}

/** A worker of either kind; `done` hears its answers, `ended` that there will be none. */
function started(done: (answer: Answer) => void, ended: (why: string) => void): Thread {
  const node = nodes();
  if (node) {
    const thread = inNode(node);
    thread.on?.('message', done as never);
    thread.on?.('error', ((error: Error) => ended(error.message)) as never);
    thread.on?.('exit', ((code: number) => ended(`exit code ${code}`)) as never);
    thread.unref?.();
    return thread;
  }
  const thread = inPage();
  thread.onmessage = ({ data }: { data: Answer }) => done(data);
  thread.onerror = ({ message }: { message?: string }) =>
    ended(message ?? 'fanwise/threads/worker.js, which threads run, could not be loaded');
  return thread;
}

export interface Pool extends Pick<Crew, 'begin'> {
  /** Error where a thread has ended. */
  open(): void;
  /** A task on 0 to n by all threads, in parts that are multiples of `unit`. */
  split(task: Task, n: number, unit: number): Promise<void>;
  /** Ends the threads. What is asked for afterwards, or under way, is an error. */
  close(): Promise<void>;
}

/** So many workers on a memory; `where` begins what their errors say. */
export function workers(where: string, memory: WebAssembly.Memory, threads: number): Pool {
  let broken: string | undefined;
  const waiting = new Map<number, { resolve(result?: Stepped): void; reject(error: Error): void }>();
  let jobs = 0;

  /** How the trainings' threads are asked. */
  const asked = new Set<Asking>();
  function over(): void {
    for (const one of asked) one.end();
  }
  function ended(why: string): void {
    if (broken !== undefined) return;
    broken = `a thread ended (${why}); make a new workspace`;
    for (const { reject } of waiting.values()) reject(new Error(`${where}: ${broken}`));
    waiting.clear();
    over();
    // The others may wait for it.
    for (const thread of pool) thread.terminate();
  }
  function done(answer: Answer): void {
    const job = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) job?.reject(answer.error);
    else job?.resolve(answer.result);
    // One that is being ended holds the process until it has.
    if (waiting.size === 0 && broken === undefined) for (const thread of pool) thread.unref?.();
  }
  const pool: Thread[] = Array.from({ length: threads }, () => started(done, ended));
  pool.forEach((thread, index) => thread.postMessage({ memory, threads, index } satisfies Request));

  const open = () => {
    if (broken !== undefined) throw new Error(`${where}: ${broken}`);
  };
  async function split(task: Task, n: number, unit: number): Promise<void> {
    const parts = () =>
      pool.flatMap((thread, i) => {
        const [from, to] = partOf(n, unit, threads, i);
        return from < to ? ask(thread, { kind: 'part', task, from, to }) : [];
      });
    await inTurn(undefined, () => Promise.all(parts()));
  }
  let turn: Promise<unknown> = Promise.resolve();
  /** The training for whose steps threads look at words, and hear no messages meanwhile. */
  let attended: Asking | undefined;
  /** One thing after the other, in the order asked for: threads that began with different ones would wait for each other. */
  function inTurn<T>(own: Asking | undefined, call: () => Promise<T>): Promise<T> {
    const next = turn.then(() => {
      open();
      if (attended !== own) attended?.leave();
      attended = own;
      return call();
    });
    turn = next.catch(() => {});
    return next;
  }
  /** What comes of something that was begun under a number, unless a thread ends before. */
  function heard(thread: Thread, begin: (id: number) => void): Promise<Stepped | undefined> {
    return new Promise((resolve, reject) => {
      const id = jobs++;
      waiting.set(id, { resolve, reject });
      // A process lives while a job runs, and not for threads that wait.
      thread.ref?.();
      begin(id);
    });
  }
  const ask = (thread: Thread, job: Job) => heard(thread, (id) => thread.postMessage({ id, job } satisfies Request));
  /** A job for every thread, and what the first says. */
  async function all(job: Job): Promise<Stepped | undefined> {
    return (await inTurn(undefined, () => Promise.all(pool.map((thread) => ask(thread, job)))))[0];
  }
  let fits = 0;
  const begin: Crew['begin'] = async (learning, plan) => {
    const fit = fits++;
    await all({ kind: 'learn', fit, learning });
    const draws = Object.keys(learning.drawn).length > 0;
    const words = draws ? undefined : asking(plan, (index) => pool[index].postMessage({ attend: fit }));
    if (words) asked.add(words);
    return {
      async step(step) {
        if (words === undefined) return (await all({ kind: 'step', fit, step }))!;
        // One of the threads holds the process, and who ends is heard.
        const send = (id: number) => void words.step(step).then((result) => done({ id, result }));
        return (await inTurn(words, () => heard(pool[0], send)))!;
      },
      async end() {
        if (words) asked.delete(words);
        if (broken === undefined) await all({ kind: 'end', fit });
      },
    };
  };

  async function close(): Promise<void> {
    broken ??= 'it is closed';
    for (const { reject } of waiting.values()) reject(new Error(`${where}: it is closed`));
    waiting.clear();
    over();
    await Promise.all(pool.map((thread) => thread.terminate()));
  }
  return { open, split, begin, close };
}
