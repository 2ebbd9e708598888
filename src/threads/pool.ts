// A pool of threads and their jobs: what they are sent and in which order, where the answers go, and what becomes of them when
// a thread ends.

import type { StepResult, ThreadTeam } from '../nn/step.js';
import { rangeOf } from './barrier.js';
import { type StepChannel, stepChannel } from './channel.js';
import type { Task } from './task.js';
import { startThread, type Thread } from './thread.js';
import type { Answer, Job, Request } from './worker.js';

interface Waiting {
  resolve(result?: StepResult): void;
  reject(error: Error): void;
}

/** So many threads on a memory; `where` begins what their errors say. */
export class Pool {
  private readonly threads: Thread[];
  /** Why the threads have ended, if they have. */
  private broken: string | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private jobs = 0;
  private trainings = 0;
  private readonly channels = new Set<StepChannel>();
  /** The training for whose steps threads poll, and hear no messages meanwhile. */
  private polling: StepChannel | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly where: string,
    memory: WebAssembly.Memory,
    private readonly count: number,
  ) {
    const answered = (answer: Answer) => this.answered(answer);
    const ended = (why: string) => this.ended(why);
    this.threads = Array.from({ length: count }, () => startThread(answered, ended));
    this.threads.forEach((thread, index) => thread.postMessage({ memory, threads: count, index } satisfies Request));
  }

  /** Error where a thread has ended. */
  requireOpen(): void {
    if (this.broken !== undefined) throw new Error(`${this.where}: ${this.broken}`);
  }

  /** A task on 0 to n by all threads, in ranges that are multiples of `unit`. */
  async split(task: Task, n: number, unit: number): Promise<void> {
    await this.inTurn(undefined, () =>
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
        // One of the threads keeps the process alive, and its end is heard.
        const send = (id: number) => void channel.step(step).then((result) => this.answered({ id, result }));
        return (await this.inTurn(channel, () => this.answerOf(this.threads[0], send)))!;
      },
      end: async () => {
        if (channel) this.channels.delete(channel);
        if (this.broken === undefined) await this.askAll({ kind: 'end', training });
      },
    };
  };

  /** Ends the threads. What is asked for afterwards, or under way, is an error. */
  async close(): Promise<void> {
    this.broken ??= 'it is closed';
    this.reject('it is closed');
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }

  private reject(why: string): void {
    for (const { reject } of this.waiting.values()) reject(new Error(`${this.where}: ${why}`));
    this.waiting.clear();
    for (const channel of this.channels) channel.close();
  }

  private ended(why: string): void {
    if (this.broken !== undefined) return;
    this.broken = `a thread ended (${why}); make a new workspace`;
    this.reject(this.broken);
    // The others may wait for it.
    for (const thread of this.threads) thread.terminate();
  }

  private answered(answer: Answer): void {
    const job = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ('error' in answer) job?.reject(answer.error);
    else job?.resolve(answer.result);
    // A thread that is being ended keeps the process alive until it has.
    if (this.waiting.size === 0 && this.broken === undefined) for (const thread of this.threads) thread.unref?.();
  }

  /** One thing after the other, in the order asked for: threads that began with different ones would wait for each other. */
  private inTurn<T>(channel: StepChannel | undefined, call: () => Promise<T>): Promise<T> {
    const next = this.turn.then(() => {
      this.requireOpen();
      if (this.polling !== channel) this.polling?.stopPolling();
      this.polling = channel;
      return call();
    });
    this.turn = next.catch(() => {});
    return next;
  }

  /** The answer to what `send` begins under a number, unless a thread ends before. */
  private answerOf(thread: Thread, send: (id: number) => void): Promise<StepResult | undefined> {
    return new Promise((resolve, reject) => {
      const id = this.jobs++;
      this.waiting.set(id, { resolve, reject });
      // A process lives while a job runs, and not for threads that wait.
      thread.ref?.();
      send(id);
    });
  }

  private ask(thread: Thread, job: Job): Promise<StepResult | undefined> {
    return this.answerOf(thread, (id) => thread.postMessage({ id, job } satisfies Request));
  }

  /** A job for every thread; the answer of the first. */
  private async askAll(job: Job): Promise<StepResult | undefined> {
    return (await this.inTurn(undefined, () => Promise.all(this.threads.map((thread) => this.ask(thread, job)))))[0];
  }
}
