// Training: a model's steps along the gradient of a loss, and how good it is.

import { choice, flag, number, options, what, whole } from './argument.js';
import { type Criterion, criterion, type Data, type NamedLoss } from './loss.js';
import { isModel, type Model, planned, rowsIn, run, trainings } from './model.js';
import type { Optimizer, Schedule } from './optimizer.js';
import { type Probe, probing } from './probe.js';
import { type Generator, generatorOf, type Seed } from './random.js';
import { view } from './wasm.js';

/** The rows of a model's data, and its loss over them. */
export function examples(
  where: string,
  model: Model,
  data: Data,
  loss: NamedLoss = 'crossEntropy',
): { x: Float32Array; rows: number; judge: Criterion } {
  if (!isModel(model)) throw new TypeError(`${where}: model is ${what(model)}; pass one made by nn.sequential`);
  const { x } = options<{ x: Float32Array }>(where, data, ['x', 'labels', 'targets']);
  const rows = rowsIn(where, x as Float32Array, model.inputs);
  return { x: x as Float32Array, rows, judge: criterion(where, loss, data, rows, model.outputs) };
}

/**
 * The mean loss (cross-entropy in nats unless another is named), and with labels the share of rows whose largest
 * output is at their label; rows that are ignored count in neither, and where none counts both are 0.
 */
export function evaluate(
  model: Model,
  data: Extract<Data, { labels: unknown }>,
  given?: { loss?: NamedLoss },
): { loss: number; accuracy: number };
export function evaluate(model: Model, data: Data, given?: { loss?: NamedLoss }): { loss: number; accuracy?: number };
export function evaluate(model: Model, data: Data, given?: { loss?: NamedLoss }): { loss: number; accuracy?: number } {
  const where = 'nn.evaluate';
  const { loss: named } = options(where, given, ['loss']);
  const { x, rows, judge } = examples(where, model, data, named);
  let [total, count, labelled, right] = [0, 0, 0, 0];
  const p = planned(model, 1);
  const loss = judge.bind(p.kernel, p.room, p.outputs, p.outputGradient, p.batchSize);
  run(model, x, rows, (outputs, from, some) => {
    for (let i = 0; i < some; i++) loss.take(i, from + i);
    total = loss.forward(some, total);
    count = loss.count(some, count);
    for (let row = 0; judge.labels && row < some; row++) {
      const label = judge.labels[from + row];
      if (label >= model.outputs) continue;
      labelled++;
      if (largest(outputs, row * model.outputs, model.outputs) === label) right++;
    }
  });
  const mean = count === 0 ? 0 : total / count;
  return judge.labels ? { loss: mean, accuracy: labelled === 0 ? 0 : right / labelled } : { loss: mean };
}

/** The first place of the largest of n values; -1 where one is NaN. */
function largest(x: Float32Array, from: number, n: number): number {
  let best = -1;
  let top = -Infinity;
  for (let k = 0; k < n; k++) {
    const value = x[from + k];
    if (value > top) [best, top] = [k, value];
    else if (Number.isNaN(value)) return -1;
  }
  return best;
}

export interface Fit {
  /** Passes over the data; 1. */
  epochs?: number;
  /** Rows a step; 32. The last step of an epoch takes what is left. */
  batchSize?: number;
  optimizer: Optimizer;
  /** Cross-entropy unless it is named: 'huber', ['crossEntropy', { labelSmoothing: 0.1 }], ... */
  loss?: NamedLoss;
  /** The learning rate by epoch, or by step; the optimizer's own without it. */
  schedule?: Schedule;
  scheduleEach?: 'epoch' | 'step';
  /** Where the gradients of a step are longer than this, all together, they are scaled down to it. */
  clipNorm?: number;
  /** The order of the rows; with random.torch it is that of PyTorch's DataLoader. */
  rng?: Generator;
  seed?: Seed;
  /** Whether each epoch has an order of its own; true. */
  shuffle?: boolean;
  /** Looks into every so many steps, from the first on: step.probe. */
  probe?: { every: number };
  /** Ends the training after a step: the iterator throws the signal's reason, the model stays as it is. */
  signal?: AbortSignal;
}

/** A step that was made. */
export interface Step {
  /** From 0. */
  epoch: number;
  /** From 0, through all epochs. */
  step: number;
  /** The mean loss of the step's rows, before it. */
  loss: number;
  lr: number;
  /** The length of all gradients together before they were clipped; only with clipNorm. */
  gradientNorm?: number;
  /** What the layers made of the step's rows, before it; only with probe, each `every` steps. */
  probe?: Probe;
}

/**
 * Trains on a loss, a step for each turn of `for await`. Between steps the page or server gets its
 * turn after every 12 milliseconds of work.
 */
export function fit(model: Model, data: Data, given: Fit): AsyncGenerator<Step, void, void> {
  const where = 'nn.fit';
  const known = ['epochs', 'batchSize', 'optimizer', 'loss', 'schedule', 'scheduleEach', 'clipNorm', 'rng', 'seed'];
  const o = options(where, given, [...known, 'shuffle', 'probe', 'signal']) as Fit;
  const { x, rows, judge } = examples(where, model, data, o.loss);
  const epochs = whole(where, 'epochs', o.epochs ?? 1);
  const batchSize = whole(where, 'batchSize', o.batchSize ?? 32, { least: 1 });
  const shuffle = flag(where, 'shuffle', o.shuffle ?? true);
  const { optimizer, schedule, signal } = o;
  if (typeof optimizer !== 'object' || typeof optimizer?.bind !== 'function')
    throw new TypeError(`${where}: optimizer is ${what(optimizer)}; pass one, such as nn.sgd({ lr: 0.1 })`);
  if (schedule !== undefined && typeof schedule !== 'function')
    throw new TypeError(`${where}: schedule is ${what(schedule)}; pass one, such as nn.stepDecay({ gamma: 0.96 })`);
  const rate = (at: number) =>
    schedule ? number(where, 'the learning rate of schedule', schedule(at, optimizer.lr), { least: 0 }) : optimizer.lr;
  rate(0);
  const each = choice(where, 'scheduleEach', o.scheduleEach ?? 'epoch', ['epoch', 'step']);
  const { clipNorm } = o;
  if (clipNorm !== undefined) number(where, 'clipNorm', clipNorm, { least: 0, open: true });
  const every =
    o.probe === undefined
      ? undefined
      : whole(where, 'every of probe', options(`${where}: probe`, o.probe, ['every']).every, { least: 1 });
  if (signal !== undefined && typeof signal.throwIfAborted !== 'function')
    throw new TypeError(`${where}: signal is ${what(signal)}; pass an AbortSignal`);
  const source = generatorOf(where, o);
  const { inputs } = model;

  async function* steps(): AsyncGenerator<Step, void, void> {
    signal?.throwIfAborted();
    const training = Symbol('training');
    trainings.set(model, training);
    const p = planned(model, Math.min(batchSize, Math.max(1, rows)), optimizer.slots);
    const state = p.state.slice(0, optimizer.slots);
    for (const values of state) values.fill(0);
    const update = optimizer.bind(p.kernel, p.parameters, p.gradients, state);
    const loss = judge.bind(p.kernel, p.room, p.outputs, p.outputGradient, p.batchSize);
    const clip = clipNorm === undefined ? undefined : p.kernel('clip', p.gradients);
    const backwards = p.passes.toReversed();
    // Made once: 320 kB take 180 us to allocate and 20 to fill.
    const old = every === undefined ? undefined : new Float32Array(p.parameters.length);
    let since = performance.now();
    let step = 0;
    try {
      for (let epoch = 0; epoch < epochs; epoch++) {
        let lr = optimizer.lr;
        const order = shuffle ? source.order(rows) : undefined;
        for (let from = 0; from < rows; from += batchSize) {
          signal?.throwIfAborted();
          if (trainings.get(model) !== training) {
            throw new Error(`${where}: another fit of this model has begun; train one after the other`);
          }
          if (schedule && (each === 'step' || from === 0)) {
            const at = each === 'step' ? step : epoch;
            lr = rate(at);
          }
          const count = Math.min(batchSize, rows - from);
          for (let i = 0; i < count; i++) {
            const row = order ? order[from + i] : from + i;
            p.x.set(view(x, row * inputs, (row + 1) * inputs), i * inputs);
            loss.take(i, row);
          }
          const looking = every !== undefined && step % every === 0 ? probing(model, p, count, true) : undefined;
          if (looking) looking.forward();
          else for (const pass of p.passes) (pass.train ?? pass.forward)(count);
          const made: Step = { epoch, step: step++, loss: loss.backward(count), lr };
          if (looking) looking.backward();
          else for (const pass of backwards) pass.backward(count);
          if (clip) made.gradientNorm = clip(p.gradients.length, clipNorm!);
          if (looking) old?.set(p.parameters);
          update(lr);
          looking?.after(old!);
          if (looking) made.probe = looking.report(made.loss);
          yield made;
          if (performance.now() - since > 12) {
            await turn();
            since = performance.now();
          }
        }
      }
    } finally {
      if (trainings.get(model) === training) trainings.delete(model);
    }
  }
  return steps();
}

/** Lets the event loop have its turn. A message rather than a timer, which browsers hold back by 4 ms. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
