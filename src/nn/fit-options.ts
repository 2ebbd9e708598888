// What a training is asked for, checked, with its defaults.

import { choice, flag, number, options, what, whole } from '../check.js';
import type { Generator } from '../random/generator.js';
import type { Seed } from '../random/source.js';
import { examplesOf } from './evaluate.js';
import type { Data, NamedLoss } from './loss.js';
import type { Model } from './model.js';
import type { Optimizer } from './optimizer.js';
import type { Schedule } from './schedule.js';

export interface Fit {
  /** Passes over the data; 1. */
  epochs?: number | undefined;
  /** Rows a step; 32. The last step of an epoch takes what is left. */
  batchSize?: number | undefined;
  optimizer: Optimizer;
  /** Cross-entropy unless it is named: 'huber', ['crossEntropy', { labelSmoothing: 0.1 }], ... */
  loss?: NamedLoss | undefined;
  /** The learning rate by epoch, or by step; the optimizer's own without it. */
  schedule?: Schedule | undefined;
  scheduleEach?: 'epoch' | 'step' | undefined;
  /** Where the gradients of a step are longer than this, all together, they are scaled down to it. */
  clipNorm?: number | undefined;
  /** The order of the rows; with random.torch it is that of PyTorch's DataLoader. */
  rng?: Generator | undefined;
  seed?: Seed | undefined;
  /** Whether each epoch has an order of its own; true. */
  shuffle?: boolean | undefined;
  /**
   * What nn.save(model, { training: true }) gave: goes on with the step after, bit for bit, given the same data and
   * options and a model of the same layers. Generators of the same seeds go where they were; without rng and seed the
   * file's is taken.
   */
  resume?: Uint8Array | ArrayBuffer | undefined;
  /** Looks into every so many steps, from the first on: step.probe. */
  probe?: { every: number } | undefined;
  /** An AbortSignal. Ends the training after a step: the iterator throws the signal's reason, the model stays as it is. */
  signal?: { throwIfAborted(): void } | undefined;
}

const names: readonly (keyof Fit)[] = [
  ...(['epochs', 'batchSize', 'optimizer', 'loss', 'schedule', 'scheduleEach', 'clipNorm', 'rng', 'seed'] as const),
  ...(['shuffle', 'resume', 'probe', 'signal'] as const),
];

function optimizerOf(where: string, value: unknown): Optimizer {
  if (typeof value !== 'object' || typeof (value as Optimizer | null)?.bind !== 'function')
    throw new TypeError(`${where}: optimizer is ${what(value)}; pass one, such as nn.sgd({ lr: 0.1 })`);
  return value as Optimizer;
}

/** The learning rate at an epoch or a step. */
function rateOf(where: string, optimizer: Optimizer, schedule: unknown): (at: number) => number {
  if (schedule === undefined) return () => optimizer.lr;
  if (typeof schedule !== 'function')
    throw new TypeError(`${where}: schedule is ${what(schedule)}; pass one, such as nn.stepDecay({ gamma: 0.96 })`);
  const rate = (at: number) =>
    number(where, 'the learning rate of schedule', (schedule as Schedule)(at, optimizer.lr), { least: 0 });
  rate(0);
  return rate;
}

function signalOf(where: string, signal: unknown): Fit['signal'] {
  if (signal !== undefined && typeof (signal as Fit['signal'])?.throwIfAborted !== 'function')
    throw new TypeError(`${where}: signal is ${what(signal)}; pass an AbortSignal`);
  return signal as Fit['signal'];
}

export function fitOptions(where: string, model: Model, data: Data, given: Fit) {
  const o = options(where, given, names);
  const examples = examplesOf(where, model, data, o.loss);
  const optimizer = optimizerOf(where, o.optimizer);
  return {
    ...examples,
    optimizer,
    loss: (o.loss ?? 'crossEntropy') as NamedLoss, // examplesOf has checked it
    epochs: whole(where, 'epochs', o.epochs ?? 1),
    batchSize: whole(where, 'batchSize', o.batchSize ?? 32, { least: 1 }),
    shuffle: flag(where, 'shuffle', o.shuffle ?? true),
    rate: rateOf(where, optimizer, o.schedule),
    rateEach: choice(where, 'scheduleEach', o.scheduleEach ?? 'epoch', ['epoch', 'step'] as const),
    clipNorm: o.clipNorm === undefined ? undefined : number(where, 'clipNorm', o.clipNorm, { least: 0, open: true }),
    /** A probe every so many steps. */
    probeEvery:
      o.probe === undefined
        ? undefined
        : whole(where, 'every of probe', options(`${where}: probe`, o.probe as Fit['probe'], ['every']).every, {
            least: 1,
          }),
    signal: signalOf(where, o.signal),
    // Checked where they are used.
    ...{ rng: o.rng as Generator | undefined, seed: o.seed as Seed | undefined },
    resume: o.resume as Fit['resume'],
  };
}
export type FitOptions = ReturnType<typeof fitOptions>;
