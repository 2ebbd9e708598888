// A pool of threads: it sends them jobs in order, receives the answers, and rejects jobs when a thread ends.

import type { StepResult, ThreadTeam } from '../nn/step.js';
import { rangeOf } from './barrier.js';
import { type StepChannel, stepChannel } from './channel.js';
import type { Task } from './task.js';
import { type MakeWorker, startThread, type Thread } from './thread.js';
import type { Answer, Job, Request } from './worker.js';

/** A job that is not answered yet. */
interface PendingJob {
  resolve(result?: StepResult): void;
  reject(error: Error): void;
}

/** `count` threads on a memory, started by `worker` if there is one. `where` begins their errors. */
export class Pool {
  private readonly threads: Thread[] = [];
  /** Why the threads have ended; undefined while they run. */
  private endReason: string | undefined;
  private readonly pending = new Map<number, PendingJob>();
  private jobs = 0;
  private trainings = 0;
  private readonly channels = new Set<StepChannel>();
  /** The training for whose steps threads poll; while they do they receive no messages. */
  private polling: StepChannel | undefined;
  /** Resolves when the latest call is done. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly where: string,
    memory: WebAssembly.Memory,
    private readonly count: number,
    worker: MakeWorker | undefined,
  ) {
    const answered = (answer: Answer) => this.answered(answer);
    const ended = (why: string) => this.ended(why);
    try {
      while (this.threads.length < count) this.threads.push(startThread(worker, answered, ended));
    } catch (error) {
      this.endReason = 'a thread could not be started';
      for (const thread of this.threads) thread.terminate();
      throw error;
    }
    this.threads.forEach((thread, index) => thread.postMessage({ memory, threads: count, index } satisfies Request));
  }

  /** Error if the threads have ended. */
  requireOpen(): void {
    if (this.endReason !== undefined) throw new Error(`${this.where}: ${this.endReason}`);
  }

  /** Runs a task on 0 to n by all threads, in ranges that are multiples of `unit`. */
  async split(task: Task, n: number, unit: number): Promise<void> {
    await this.inOrder(undefined, () =>
      Promise.all(
        this.threads.flatMap((thread, i) => {
          const [from, to] = rangeOf(n, unit, this.count, i);
          return from < to ? this.ask(thread, { kind: 'task', task, from, to }) : [];
        }),
      ),
    );
  }

  /** Begins a training in a model's plan. */
  begin: ThreadTeam['begin'] = async (spec, plan) => {
    const training = this.trainings++;
    await this.askAll({ kind: 'begin', training, spec });
    const draws = Object.keys(spec.generators).length > 0;
    const wake = (index: number) => this.threads[index].postMessage({ poll: training } satisfies Request);
    const channel = draws ? undefined : stepChannel(plan, wake);
    if (channel) this.channels.add(channel);
    return {
      step: async (step) => {
        if (channel === undefined) return (await this.askAll({ kind: 'step', training, step }))!;
        // A job of the first thread keeps the process alive, and is rejected if a thread ends.
        const send = (id: number) => void channel.step(step).then((result) => this.answered({ id, result }));
        return (await this.inOrder(channel, () => this.answerOf(this.threads[0], send)))!;
      },
      end: async () => {
        if (channel) this.channels.delete(channel);
        if (this.endReason === undefined) await this.askAll({ kind: 'end', training });
      },
    };
  };

  /** Ends the threads. Jobs that are pending, or come later, are rejected. */
  async close(): Promise<void> {
    this.endReason ??= 'it is closed';
    this.reject('it is closed');
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }

  /** Rejects all pending jobs. */
  private reject(why: string): void {
    for (const { reject } of this.pending.values()) reject(new Error(`${this.where}: ${why}`));
    this.pending.clear();
    for (const channel of this.channels) channel.close();
  }

  private ended(why: string): void {
    if (this.endReason !== undefined) return;
    this.endReason = `a thread ended (${why}); make a new workspace`;
    this.reject(this.endReason);
    // Other threads may wait for it at a barrier.
    for (const thread of this.threads) thread.terminate();
  }

  private answered(answer: Answer): void {
    const job = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    if ('error' in answer) job?.reject(answer.error);
    else job?.resolve(answer.result);
    // A thread that is being terminated keeps the process alive until it has ended.
    if (this.pending.size === 0 && this.endReason === undefined) for (const thread of this.threads) thread.unref?.();
  }

  /** Calls one after the other: threads that began with different jobs would wait for each other forever. */
  private inOrder<T>(channel: StepChannel | undefined, call: () => Promise<T>): Promise<T> {
    const next = this.last.then(() => {
      this.requireOpen();
      if (this.polling !== channel) this.polling?.stopPolling();
      this.polling = channel;
      return call();
    });
    this.last = next.catch(() => {});
    return next;
  }

  /** The answer to a job that `send` sends with a number. Rejected if a thread ends first. */
  private answerOf(thread: Thread, send: (id: number) => void): Promise<StepResult | undefined> {
    return new Promise((resolve, reject) => {
      const id = this.jobs++;
      this.pending.set(id, { resolve, reject });
      // The process is kept alive while a job runs, not while threads wait.
      thread.ref?.();
      send(id);
    });
  }

  /** Sends a job to a thread; its answer. */
  private ask(thread: Thread, job: Job): Promise<StepResult | undefined> {
    return this.answerOf(thread, (id) => thread.postMessage({ id, job } satisfies Request));
  }

  /** Sends a job to every thread; the first one's answer. */
  private async askAll(job: Job): Promise<StepResult | undefined> {
    return (await this.inOrder(undefined, () => Promise.all(this.threads.map((thread) => this.ask(thread, job)))))[0];
  }
}
