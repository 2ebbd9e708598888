// The options of nn.fit, their checks and defaults.

import { choice, flag, number, options, what, whole } from '../check.js';
import type { Generator } from '../random/generator.js';
import type { Seed } from '../random/source.js';
import { examplesOf } from './evaluate.js';
import { adviseLogits } from './logits.js';
import type { Data, NamedLoss } from './loss.js';
import type { Model } from './model.js';
import type { Optimizer } from './optimizer.js';
import type { Schedule } from './schedule.js';

export interface Fit {
  /** Passes over the data; 1 by default. */
  epochs?: number | undefined;
  /** Rows in a step; 32 by default. The last step of an epoch has the rows that are left. */
  batchSize?: number | undefined;
  optimizer: Optimizer;
  /** 'crossEntropy' by default; 'huber', ['crossEntropy', { labelSmoothing: 0.1 }], ... */
  loss?: NamedLoss | undefined;
  /** The learning rate by epoch, or by step; without it the optimizer's. */
  schedule?: Schedule | undefined;
  scheduleEach?: 'epoch' | 'step' | undefined;
  /** The largest norm of a step's gradients, all together: longer ones are scaled down to it. */
  clipNorm?: number | undefined;
  /** The generator of the rows' order; with random.torch the order is that of PyTorch's DataLoader. */
  rng?: Generator | undefined;
  seed?: Seed | undefined;
  /** Whether each epoch has a new random order; true by default. */
  shuffle?: boolean | undefined;
  /**
   * A file of nn.save(model, { training: true }). The training continues with the next step, bit for bit, if data, options and
   * the model's layers are the same. Generators have to have the same seeds, and to be shared by the same layers; their states
   * are restored. Without rng and seed the rows' order goes on from the file, with the generator of the layers that shared it.
   */
  resume?: Uint8Array | ArrayBuffer | undefined;
  /** Probes every `every`-th step, from the first on: step.probe. */
  probe?: { every: number } | undefined;
  /** An AbortSignal. It ends the training after a step: the iterator throws the signal's reason, the model stays as it is. */
  signal?: { throwIfAborted(): void } | undefined;
  /**
   * What to do where a loss is NaN or infinite, or a parameter at the end: say once on the console where it begins ('warn', the
   * default), end the training with a RangeError that says so ('throw'), or nothing.
   */
  onNonFinite?: 'warn' | 'throw' | 'ignore' | undefined;
}

/** Every option, so that one that is added to Fit is asked for here. */
const names = /* @__PURE__ */ Object.keys({
  epochs: 1,
  batchSize: 1,
  optimizer: 1,
  loss: 1,
  schedule: 1,
  scheduleEach: 1,
  clipNorm: 1,
  rng: 1,
  seed: 1,
  shuffle: 1,
  resume: 1,
  probe: 1,
  signal: 1,
  onNonFinite: 1,
} satisfies Record<keyof Fit, 1>) as (keyof Fit)[];

export function optimizerOf(where: string, value: unknown): Optimizer {
  if (typeof value !== 'object' || typeof (value as Optimizer | null)?.bind !== 'function')
    throw new TypeError(`${where}: optimizer is ${what(value)}; pass one, such as nn.sgd({ lr: 0.1 })`);
  number(where, 'lr of optimizer', (value as Optimizer).lr, { least: 0 });
  whole(where, 'slots of optimizer', (value as Optimizer).slots);
  return value as Optimizer;
}

/** The learning rate as a function of the epoch or the step, from 0 on. */
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

/** The options of a training, checked, with its data and loss. */
export function fitOptions(where: string, model: Model, data: Data, given: Fit) {
  const o = options(where, given, names);
  const examples = examplesOf(where, model, data, o.loss);
  const optimizer = optimizerOf(where, o.optimizer);
  const checked = {
    ...examples,
    optimizer,
    loss: (o.loss ?? 'crossEntropy') as NamedLoss, // examplesOf checks it
    epochs: whole(where, 'epochs', o.epochs ?? 1),
    batchSize: whole(where, 'batchSize', o.batchSize ?? 32, { least: 1 }),
    shuffle: flag(where, 'shuffle', o.shuffle ?? true),
    rate: rateOf(where, optimizer, o.schedule),
    rateEach: choice(where, 'scheduleEach', o.scheduleEach ?? 'epoch', ['epoch', 'step'] as const),
    clipNorm: o.clipNorm === undefined ? undefined : number(where, 'clipNorm', o.clipNorm, { least: 0, open: true }),
    /** Steps from one probe to the next; undefined for none. */
    probeEvery:
      o.probe === undefined
        ? undefined
        : whole(where, 'every of probe', options(`${where}: probe`, o.probe as Fit['probe'], ['every']).every, {
            least: 1,
          }),
    signal: signalOf(where, o.signal),
    onNonFinite: choice(where, 'onNonFinite', o.onNonFinite ?? 'warn', ['warn', 'throw', 'ignore'] as const),
    // Checked where they are used.
    rng: o.rng as Generator | undefined,
    seed: o.seed as Seed | undefined,
    resume: o.resume as Fit['resume'],
  };
  const { criterion } = examples;
  if (criterion.logits) adviseLogits(where, model, criterion.name);
  return checked;
}
export type FitOptions = ReturnType<typeof fitOptions>;
