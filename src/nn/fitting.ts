// What nn.fit returns: a training that is awaited as a whole, or iterated over step by step.

import { ifUnused, warn } from '../host.js';
import type { Probe } from './statistics.js';

/** The result of a step. */
export interface Step {
  /** The epoch, from 0 on. */
  epoch: number;
  /** The number of the step, from 0 on, through all epochs. */
  step: number;
  /** The mean loss of the step's rows, before the step. */
  loss: number;
  lr: number;
  /** The norm of all gradients together before they were clipped; only with clipNorm. */
  gradientNorm?: number;
  /** Statistics of the step's rows, before the step; only with probe, in every `every`-th step. */
  probe?: Probe;
}

/** What a training came to. With `resume` it begins where the training goes on. */
export interface History {
  /** The mean loss of each epoch: that of its steps, each as often as it has rows. */
  loss: number[];
  /** How many epochs and steps were made. */
  epochs: number;
  steps: number;
}

/**
 * A training. `await` makes all steps and gives the history; `for await` gives each step when it is made. Nothing is trained
 * before one of the two begins. Both of one object are a TypeError. As of a promise, `then`, `catch` and `finally` await it, and so
 * does an async function that returns it.
 */
export interface Fitting extends AsyncGenerator<Step, void, void>, Promise<History> {
  readonly [Symbol.toStringTag]: string;
}

let told = false;
/** A function that says, once in all, that a training was not used. It must not refer to the training. */
const unusedWarning = (where: string) => () => {
  if (!told)
    warn(`${where}: a training was neither awaited nor iterated over, and trained nothing; write await ${where}(...)`);
  told = true;
};

/** The training of these steps, which write `history`. `where` begins its errors. */
export function fitting(where: string, steps: AsyncGenerator<Step, void, void>, history: History): Fitting {
  const used = ifUnused(steps, unusedWarning(where));
  let use: 'awaited' | 'iterated over' | undefined;
  /** TypeError where the training is used in the other way already. */
  function begin(as: typeof use): void {
    if (use === as) return;
    if (use !== undefined)
      throw new TypeError(`${where}: this training is ${use} and cannot be ${as}; make another one`);
    use = as;
    used();
  }
  const next = steps.next.bind(steps);
  let end: Promise<History> | undefined;
  async function toEnd(): Promise<History> {
    begin('awaited');
    while (!(await next()).done);
    return history;
  }
  const iterated =
    <A extends unknown[], R>(method: (...values: A) => Promise<R>) =>
    (...values: A): Promise<R> => {
      try {
        begin('iterated over');
      } catch (error) {
        return Promise.reject(error);
      }
      return method.apply(steps, values);
    };
  const promise = () => (end ??= toEnd());
  return Object.assign(steps, {
    next: iterated(next),
    return: iterated(steps.return),
    throw: iterated(steps.throw),
    // biome-ignore lint/suspicious/noThenProperty: a training can be awaited
    then: ((...handlers) => promise().then(...handlers)) as Fitting['then'],
    catch: ((...handlers) => promise().catch(...handlers)) as Fitting['catch'],
    finally: ((...handlers) => promise().finally(...handlers)) as Fitting['finally'],
  }) as Fitting;
}
