// Training: a model's steps along the gradient of a loss, and how good it is.

import { attached, choice, flag, number, options, what, whole } from '../check.js';
import { type Generator, type GeneratorState, sourceFrom } from '../random/generator.js';
import { random, setState } from '../random/index.js';
import type { Seed, Source } from '../random/source.js';

import { view } from '../wasm/kernels.js';
import { memoryOf } from '../wasm/memory.js';
import { resumed } from './checkpoint.js';
import { type Criterion, criterion } from './criterion.js';
import { specOf } from './layer.js';
import type { Data, NamedLoss } from './loss.js';
import {
  drawing,
  type Model,
  type Plan,
  planned,
  productsOf,
  replanned,
  requireModel,
  rowsIn,
  run,
  settled,
  type Training,
  trainings,
} from './model.js';
import type { Optimizer } from './optimizer.js';
import type { Schedule } from './schedule.js';
import { type Probe, probing } from './statistics.js';
import { type Crew, descend, type Stepping, statesOf } from './step.js';

/** The rows of a model's data, and its loss over them. */
export function examples(
  where: string,
  model: Model,
  data: Data,
  loss: NamedLoss = 'crossEntropy',
): { x: Float32Array; rows: number; judge: Criterion } {
  requireModel(where, model);
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
  /**
   * What nn.save(model, { training: true }) gave: goes on with the step after, bit for bit, given the same data and
   * options and a model of the same layers. Generators of the same seeds go where they were; without rng and seed the
   * file's is taken.
   */
  resume?: Uint8Array | ArrayBuffer;
  /** Looks into every so many steps, from the first on: step.probe. */
  probe?: { every: number };
  /** An AbortSignal. Ends the training after a step: the iterator throws the signal's reason, the model stays as it is. */
  signal?: { throwIfAborted(): void };
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

/** What a training is asked for, checked, with its defaults. */
function asked(where: string, model: Model, data: Data, given: Fit) {
  const known = ['epochs', 'batchSize', 'optimizer', 'loss', 'schedule', 'scheduleEach', 'clipNorm', 'rng', 'seed'];
  const o = options(where, given, [...known, 'shuffle', 'resume', 'probe', 'signal']) as Fit;
  const { x, rows, judge } = examples(where, model, data, o.loss);
  const epochs = whole(where, 'epochs', o.epochs ?? 1);
  const batchSize = whole(where, 'batchSize', o.batchSize ?? 32, { least: 1 });
  const shuffle = flag(where, 'shuffle', o.shuffle ?? true);
  const { optimizer, schedule, clipNorm, signal } = o;
  if (typeof optimizer !== 'object' || typeof optimizer?.bind !== 'function')
    throw new TypeError(`${where}: optimizer is ${what(optimizer)}; pass one, such as nn.sgd({ lr: 0.1 })`);
  if (schedule !== undefined && typeof schedule !== 'function')
    throw new TypeError(`${where}: schedule is ${what(schedule)}; pass one, such as nn.stepDecay({ gamma: 0.96 })`);
  const rate = (at: number) =>
    schedule ? number(where, 'the learning rate of schedule', schedule(at, optimizer.lr), { least: 0 }) : optimizer.lr;
  rate(0);
  const each = choice(where, 'scheduleEach', o.scheduleEach ?? 'epoch', ['epoch', 'step']);
  if (clipNorm !== undefined) number(where, 'clipNorm', clipNorm, { least: 0, open: true });
  const every =
    o.probe === undefined
      ? undefined
      : whole(where, 'every of probe', options(`${where}: probe`, o.probe, ['every']).every, { least: 1 });
  if (signal !== undefined && typeof signal.throwIfAborted !== 'function')
    throw new TypeError(`${where}: signal is ${what(signal)}; pass an AbortSignal`);
  const { loss = 'crossEntropy', rng, seed, resume } = o;
  return {
    ...{ x, rows, judge, loss, epochs, batchSize, shuffle, optimizer, clipNorm, every, signal, rng, seed, resume },
    /** The learning rate at an epoch, or at a step. */
    ...{ rate, each },
  };
}
type Asked = ReturnType<typeof asked>;
/** The layers that draw, and from what. */
type Sources = ReturnType<typeof drawing>;

/** Where a training goes on, held to what is asked for now; undefined where it begins. */
function begun(where: string, model: Model, sources: Sources, { resume, optimizer, epochs, rows, batchSize }: Asked) {
  if (resume === undefined) return undefined;
  const found = resumed(where, resume, model, optimizer.slots);
  const { place } = found;
  if (place.epoch >= epochs)
    throw new RangeError(`${where}: resume is of epoch ${place.epoch} (from 0), and epochs is ${epochs}; pass more`);
  if (place.rows !== rows || place.batchSize !== batchSize)
    throw new RangeError(
      `${where}: resume is of ${place.rows} rows, ${place.batchSize} a step; pass the same data and batchSize`,
    );
  if (sources.some(([i]) => !Object.hasOwn(place.layers, i)))
    throw new RangeError(`${where}: resume is of another model; make one of the same layers`);
  return found;
}

/** A part of what lies as the parameters do, for each parameter. */
const byName = (model: Model, { parameters }: Plan, values: Float32Array): Record<string, Float32Array> =>
  Object.fromEntries(
    Object.entries(model.parameters).map(([name, { data }]) => {
      const from = (data.byteOffset - parameters.byteOffset) / 4;
      return [name, values.subarray(from, from + data.length)];
    }),
  );

/** What threads are told of a training that begins, but for where it is. */
const toldOf = (where: string, model: Model, { optimizer, loss, clipNorm }: Asked) => ({
  layers: model.layers.map((layer) => specOf(where, `a layer of kind ${layer.kind}`, layer)),
  optimizer: specOf(where, 'the optimizer', optimizer),
  loss: structuredClone(loss),
  clipNorm,
});

/** nn.fit, or by a crew's threads. */
export function train(
  where: string,
  model: Model,
  data: Data,
  given: Fit,
  offered?: Crew,
): AsyncGenerator<Step, void, void> {
  const o = asked(where, model, data, given);
  const { x, rows, judge, epochs, batchSize, shuffle, optimizer, clipNorm, every, signal, rate, each } = o;
  const { inputs } = model;
  const sources = drawing(model);
  const back = begun(where, model, sources, o);
  const own = back && o.rng === undefined && o.seed === undefined;
  const source = sourceFrom(where, own ? { rng: random.restore(back.place.generator as GeneratorState) } : o);
  const told = offered && toldOf(where, model, o);
  const most = Math.min(batchSize, Math.max(1, rows));
  const crew = offered?.worth(productsOf(model, most)) ? offered : undefined;

  /** Puts all back to where it was; the order of the epoch that is gone on with. */
  function restore(state: Record<string, Float32Array>[]): Uint32Array | undefined {
    if (!back) return undefined;
    const { order, generator, layers } = back.place;
    const made = shuffle ? random.restore(order as GeneratorState).order(rows) : undefined;
    setState(where, source, generator as GeneratorState);
    for (const [i, drawn] of sources) setState(where, drawn, layers[i] as GeneratorState);
    for (const [name, { data: values }] of Object.entries(back.parameters)) model.parameters[name].data.set(values);
    back.state.forEach((values, i) => {
      for (const [name, array] of Object.entries(state[i])) array.set(values[name].data);
    });
    return made;
  }

  async function* steps(): AsyncGenerator<Step, void, void> {
    signal?.throwIfAborted();
    const p = crew
      ? replanned(model, most, optimizer.slots, { threads: crew.threads })
      : settled(model, most, optimizer.slots);
    const state = p.state.slice(0, optimizer.slots);
    for (const values of state) values.fill(0);
    const named = () => state.map((values) => byName(model, p, values));
    const first = restore(named());
    let { epoch, row } = back?.place ?? { epoch: 0, row: 0 };
    let step = epoch * Math.ceil(rows / batchSize) + Math.ceil(row / batchSize);
    let before = back?.place.order ?? source.state();
    const training: Training = {
      progress: () => ({
        ...{ epoch, row, rows, batchSize, order: before, generator: source.state() },
        layers: statesOf(model),
      }),
      state: named,
      busy: false,
    };
    trainings.set(model, training);
    /** The model is left to others, and off the memory of threads. */
    const leave = () => {
      if (trainings.get(model) !== training) return;
      trainings.delete(model);
      settled(model, 1);
    };
    const firstOf = (source: Source) => sources.find(([, other]) => other === source)![0];
    const learning = () => ({
      sources: Object.fromEntries(sources.map(([i, source]) => [i, firstOf(source)])),
      ...{ memory: memoryOf(p.ws), threads: p.threads, drawn: statesOf(model), batchSize: p.batchSize, slots: p.slots },
      ...{ ...told!, steps: step },
    });
    const team = await crew?.begin(learning(), p).catch((error: unknown) => {
      leave();
      throw error;
    });
    async function together(stepping: Stepping, made: Step): Promise<void> {
      training.busy = true;
      try {
        const said = await team!.step(stepping);
        if (!stepping.passed) made.loss = said.loss;
        if (clip) made.gradientNorm = said.gradientNorm;
        for (const [i, source] of sources) setState(where, source, said.drawn[i]);
      } finally {
        training.busy = false;
      }
    }
    const update = optimizer.bind(p.kernel, p.parameters, p.gradients, state, step);
    const loss = judge.bind(p.kernel, p.room, p.outputs, p.outputGradient, p.batchSize);
    const clip = clipNorm === undefined ? undefined : p.kernel('clip', p.gradients);
    // Made once: 320 kB take 180 us to allocate and 20 to fill.
    const old = every === undefined ? undefined : new Float32Array(p.parameters.length);
    let since = performance.now();
    try {
      for (let going = back !== undefined; epoch < epochs; epoch++, row = 0, going = false) {
        if (!going) before = source.state();
        let lr: number | undefined;
        const order = going ? first : shuffle ? source.order(rows) : undefined;
        while (row < rows) {
          const from = row;
          signal?.throwIfAborted();
          if (trainings.get(model) !== training) {
            throw new Error(`${where}: another fit of this model has begun; train one after the other`);
          }
          if (lr === undefined || each === 'step') lr = rate(each === 'step' ? step : epoch);
          const count = Math.min(batchSize, rows - from);
          attached(where, 'x', x);
          for (let i = 0; i < count; i++) {
            const at = order ? order[from + i] : from + i;
            p.x.set(view(x, at * inputs, (at + 1) * inputs), i * inputs);
            loss.take(i, at);
          }
          const looking = every !== undefined && step % every === 0 ? probing(model, p, count, true) : undefined;
          row += count;
          const made: Step = { epoch, step: step++, loss: 0, lr };
          if (looking) {
            looking.forward();
            made.loss = loss.backward(count);
            looking.backward();
            old?.set(p.parameters);
          }
          if (team) await together({ count, lr, passed: looking !== undefined, drawn: statesOf(model) }, made);
          else {
            if (!looking) made.loss = descend(p, loss, count);
            if (clip) made.gradientNorm = clip(p.gradients.length, clipNorm!);
            update(lr);
          }
          looking?.after(old!);
          if (looking) made.probe = looking.report(made.loss);
          yield made;
          // While threads make a step, everybody else has a turn.
          if (!team && performance.now() - since > 12) {
            await turn();
            since = performance.now();
          }
        }
      }
    } finally {
      leave();
      await team?.end();
    }
  }
  return steps();
}

/**
 * Trains on a loss, a step for each turn of `for await`. Between steps the page or server gets its
 * turn after every 12 milliseconds of work.
 */
export const fit = (model: Model, data: Data, given: Fit): AsyncGenerator<Step, void, void> =>
  train('nn.fit', model, data, given);

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
