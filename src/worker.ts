// What a thread runs: it waits for jobs, does its part of each, and says when it is done.

import { perform, type Task } from './task.js';

/** The first message brings the memory; all others are jobs. */
export type Request = { memory: SharedArrayBuffer } | { id: number; task: Task; from: number; to: number };
export type Answer = { id: number } | { id: number; error: Error };

interface Port {
  postMessage(answer: Answer): void;
  on?(event: 'message', listener: (request: Request) => void): void;
}

let memory: Float32Array;
function take(request: Request): void {
  if ('memory' in request) {
    memory = new Float32Array(request.memory);
    return;
  }
  const { id, task, from, to } = request;
  try {
    perform(memory, task, from, to);
    port.postMessage({ id });
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
