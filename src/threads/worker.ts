// The program of a thread: it waits for jobs, does its range of each, and answers.

import type { StepRequest, StepResult, TrainingSpec } from '../nn/step.js';
import { joinWorkspace } from '../wasm/memory.js';
import { perform, type Task } from './task.js';
import { type TrainingThread, trainingThread } from './training.js';

/** A job: a range of a task, the beginning of a training, a step of it, or its end. */
export type Job =
  | { kind: 'task'; task: Task; from: number; to: number }
  | { kind: 'begin'; training: number; spec: TrainingSpec }
  | { kind: 'step'; training: number; step: StepRequest }
  | { kind: 'end'; training: number };

/** A message to a thread. The first has the memory and the thread's index; the others are jobs, or the order to poll for steps. */
export type Request =
  | { memory: WebAssembly.Memory; threads: number; index: number }
  | { poll: number }
  | { id: number; job: Job };
export type Answer = { id: number; result?: StepResult } | { id: number; error: Error };

interface Port {
  postMessage(answer: Answer): void;
  on?(event: 'message', listener: (request: Request) => void): void;
}

let threadIndex = 0;
let buffer: ArrayBufferLike;
const trainings = new Map<number, TrainingThread>();

function run(job: Job): StepResult | undefined {
  switch (job.kind) {
    case 'task':
      perform(buffer, job.task, job.from, job.to);
      break;
    case 'begin':
      trainings.set(job.training, trainingThread(threadIndex, job.spec));
      break;
    case 'step':
      return trainings.get(job.training)!.step(job.step);
    case 'end':
      trainings.delete(job.training);
  }
  return undefined;
}

function receive(request: Request): void {
  if ('memory' in request) {
    const { memory, threads, index } = request;
    threadIndex = index;
    buffer = memory.buffer;
    joinWorkspace(memory, threads, index);
    return;
  }
  if ('poll' in request) {
    trainings.get(request.poll)?.poll();
    return;
  }
  const { id, job } = request;
  try {
    port.postMessage({ id, result: run(job) });
  } catch (error) {
    port.postMessage({ id, error: error as Error });
  }
}

// Not by an import, which bundlers for pages cannot resolve.
const threads = (
  globalThis as { process?: { getBuiltinModule?(name: string): { parentPort: Port | null } | undefined } }
).process?.getBuiltinModule?.('node:worker_threads');
const port: Port = threads?.parentPort ?? (globalThis as unknown as Port);
if (threads?.parentPort) port.on?.('message', receive);
else (globalThis as unknown as { onmessage: unknown }).onmessage = ({ data }: { data: Request }) => receive(data);
