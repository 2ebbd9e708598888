// What a thread runs: it waits for jobs, does its part of each, and says when it is done.

import type { Learning, Stepped, Stepping } from '../nn/step.js';
import { join } from '../wasm/memory.js';
import { type Learner, learner } from './barrier.js';
import { perform, type Task } from './task.js';

/** A job: a part of a task, a training that begins, a step of it, or its end. */
export type Job =
  | { kind: 'part'; task: Task; from: number; to: number }
  | { kind: 'learn'; fit: number; learning: Learning }
  | { kind: 'step'; fit: number; step: Stepping }
  | { kind: 'end'; fit: number };

/** The first message says who one is and where the memory is; the others are jobs, or that steps of a training come. */
export type Request =
  | { memory: WebAssembly.Memory; threads: number; index: number }
  | { attend: number }
  | { id: number; job: Job };
export type Answer = { id: number; result?: Stepped } | { id: number; error: Error };

interface Port {
  postMessage(answer: Answer): void;
  on?(event: 'message', listener: (request: Request) => void): void;
}

let own = 0;
let buffer: ArrayBufferLike;
const trainings = new Map<number, Learner>();

function done(job: Job): Stepped | undefined {
  switch (job.kind) {
    case 'part':
      perform(buffer, job.task, job.from, job.to);
      break;
    case 'learn':
      trainings.set(job.fit, learner(own, job.learning));
      break;
    case 'step':
      return trainings.get(job.fit)!.step(job.step);
    case 'end':
      trainings.delete(job.fit);
  }
  return undefined;
}

function take(request: Request): void {
  if ('memory' in request) {
    const { memory, threads, index } = request;
    own = index;
    buffer = memory.buffer;
    join(memory, threads, index);
    return;
  }
  if ('attend' in request) {
    trainings.get(request.attend)?.attend();
    return;
  }
  const { id, job } = request;
  try {
    port.postMessage({ id, result: done(job) });
  } catch (error) {
    port.postMessage({ id, error: error as Error });
  }
}

// Asked for at run time: an import would be one that bundlers for pages cannot resolve.
const threads = (
  globalThis as { process?: { getBuiltinModule?(name: string): { parentPort: Port | null } | undefined } }
).process?.getBuiltinModule?.('node:worker_threads');
const port: Port = threads?.parentPort ?? (globalThis as unknown as Port);
if (threads?.parentPort) port.on?.('message', take);
else (globalThis as unknown as { onmessage: unknown }).onmessage = ({ data }: { data: Request }) => take(data);
