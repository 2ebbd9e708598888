// A model: layers in a row, in one workspace that is planned before the first step. A step then allocates no
// memory for values: it runs kernels over what has its place.

import { flag, float32, number, options, sameLength, what, whole } from './argument.js';
import type { Layer, Passes, Place } from './layer.js';
import { type Labels, labelled } from './loss.js';
import type { Optimizer, Schedule } from './optimizer.js';
import { type Generator, generatorOf, type Seed } from './random.js';
import type { Tensor } from './tensor.js';
import { bind, view, type Workspace, workspace } from './wasm.js';

/** Layers in a row. */
export interface Model {
  readonly layers: readonly Layer[];
  /** Values a row that go in and come out. */
  readonly inputs: number;
  readonly outputs: number;
  /** Everything learnt, named as PyTorch's state_dict names it: '0.weight', '0.bias', '2.weight', ... */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** The outputs (logits) for rows of inputs, in a new array. */
  forward(x: Float32Array): Float32Array;
}

/** What a model's workspace holds. */
interface Plan {
  batchSize: number;
  slots: number;
  kernel: Place['kernel'];
  /** All parameters side by side, padded to vectors; their gradients and the optimizer's state likewise. */
  parameters: Float32Array;
  gradients: Float32Array;
  state: Float32Array[];
  x: Float32Array;
  labels: Uint32Array;
  outputs: Float32Array;
  outputGradient: Float32Array;
  passes: Passes[];
}

const plans = new WeakMap<Model, Plan>();
/** Tensors that a model has: they live in its workspace, and a second model would move them out. */
const taken = new WeakSet<Tensor>();
/** The latest training of a model. */
const trainings = new WeakMap<Model, symbol>();

const padded = (n: number) => Math.ceil(n / 4) * 4;
/** Memory that a batch needs is bounded: a larger evaluation runs in parts. */
const BATCH = 128;

/** A new workspace for a model and a batch size, with the parameters moved into it. */
function plan(model: Model, batchSize: number, slots: number): Plan {
  const { layers } = model;
  const tensors = Object.values(model.parameters);
  const learnt = tensors.reduce((sum, { data }) => sum + padded(data.length), 0);
  const widths = [model.inputs];
  for (const layer of layers) widths.push(layer.outputs ?? widths[widths.length - 1]);
  // In place, but not over an output that the layer before needs again.
  const inPlace = layers.map((layer, i) => layer.inPlace && !(i > 0 && layers[i - 1].keepsOutput));
  const fresh = layers.map((_, i) => (inPlace[i] ? 0 : padded(batchSize * widths[i + 1])));
  const scratch = Math.max(0, ...layers.map((layer) => layer.scratch));
  // Outputs and the gradients by them; where the first layer works in place, the gradient by the input.
  const rows = 2 * (padded(batchSize * widths[0]) + fresh.reduce((sum, n) => sum + n, 0));
  const ws: Workspace = workspace({ bytes: 4 * ((2 + slots) * learnt + rows + padded(batchSize) + padded(scratch)) });

  const kernel: Place['kernel'] = (name, ...arrays) => bind(ws, name, ...arrays);
  const parameters = ws.float32(learnt);
  const gradients = ws.float32(learnt);
  const state = Array.from({ length: slots }, () => ws.float32(learnt));
  const gradientOf = new Map<Tensor, Float32Array>();
  let at = 0;
  for (const tensor of tensors) {
    const { length } = tensor.data;
    const inside = parameters.subarray(at, at + length);
    inside.set(tensor.data);
    (tensor as { data: Float32Array }).data = inside;
    gradientOf.set(tensor, gradients.subarray(at, at + length));
    at += padded(length);
  }

  const first = ws.float32(batchSize * widths[0]);
  const shared = ws.float32(scratch);
  let x = first;
  let dx: Float32Array | null = null;
  const passes = layers.map((layer, i) => {
    const y = inPlace[i] ? x : ws.float32(batchSize * widths[i + 1]);
    const dy = inPlace[i] && dx ? dx : ws.float32(batchSize * widths[i + 1]);
    const named = Object.entries(layer.parameters).map(([name, tensor]) => [name, gradientOf.get(tensor)!]);
    const bound = layer.bind({
      ...{ kernel, x, y, dx, dy, inputs: widths[i], outputs: widths[i + 1], scratch: shared },
      gradients: Object.fromEntries(named),
    });
    x = y;
    dx = dy;
    return bound;
  });
  return {
    ...{ batchSize, slots, kernel, parameters, gradients, state, passes },
    x: first,
    labels: ws.uint32(batchSize),
    outputs: x,
    outputGradient: dx ?? first,
  };
}

/** The plan of a model, made anew where it is too small. */
function planned(model: Model, batchSize: number, slots = 0): Plan {
  const present = plans.get(model);
  if (present !== undefined && present.batchSize >= batchSize && present.slots >= slots) return present;
  const made = plan(model, Math.max(batchSize, present?.batchSize ?? 0), Math.max(slots, present?.slots ?? 0));
  plans.set(model, made);
  return made;
}

/** A model of layers, each taking what the one before makes. The layers' tensors move into its workspace. */
export function sequential(layers: readonly Layer[]): Model {
  const where = 'nn.sequential';
  if (!Array.isArray(layers)) throw new TypeError(`${where}: layers is ${what(layers)}; pass an array of layers`);
  let width: number | undefined;
  const seen = new Set<Tensor>();
  Array.from(layers as readonly Layer[]).forEach((layer, i) => {
    if (typeof layer !== 'object' || typeof layer?.bind !== 'function')
      throw new TypeError(`${where}: layers[${i}] is ${what(layer)}; pass a layer, such as nn.linear(784, 10)`);
    for (const tensor of Object.values(layer.parameters)) {
      const owner = seen.has(tensor) ? 'a layer before it' : taken.has(tensor) ? 'another model' : undefined;
      if (owner) throw new RangeError(`${where}: layers[${i}] has a tensor of ${owner}; make a layer of its own`);
      seen.add(tensor);
    }
    if (width !== undefined && layer.inputs !== undefined && layer.inputs !== width) {
      throw new RangeError(`${where}: layers[${i}] takes ${layer.inputs} values and gets ${width}; make the two agree`);
    }
    width = layer.outputs ?? layer.inputs ?? width;
  });
  const inputs = layers.find((layer) => layer.inputs !== undefined)?.inputs;
  if (inputs === undefined || width === undefined)
    throw new RangeError(`${where}: no layer says how many values a row has; begin with nn.linear`);
  const parameters: Record<string, Tensor> = Object.fromEntries(
    (layers as readonly Layer[]).flatMap((layer, i) =>
      Object.entries(layer.parameters).map(([name, tensor]) => [`${i}.${name}`, tensor]),
    ),
  );
  const model: Model = {
    layers: Object.freeze([...layers]),
    inputs,
    outputs: width,
    parameters,
    forward(x) {
      const rows = rowsIn('model.forward', x, inputs);
      const out = new Float32Array(rows * model.outputs);
      run(model, x, rows, (outputs, from) => out.set(outputs, from * model.outputs));
      return out;
    },
  };
  planned(model, BATCH);
  for (const tensor of seen) taken.add(tensor);
  return model;
}

function rowsIn(where: string, x: Float32Array, inputs: number): number {
  const { length } = float32(where, 'x', x);
  if (length % inputs !== 0)
    throw new RangeError(`${where}: x has ${length} values, no whole number of rows of ${inputs}; pass whole rows`);
  return length / inputs;
}

/** Forward over all rows, a batch at a time. */
function run(
  model: Model,
  x: Float32Array,
  rows: number,
  each: (outputs: Float32Array, from: number, count: number) => void,
): void {
  const p = planned(model, 1);
  for (let from = 0; from < rows; from += p.batchSize) {
    const count = Math.min(p.batchSize, rows - from);
    p.x.set(view(x, from * model.inputs, (from + count) * model.inputs));
    for (const pass of p.passes) pass.forward(count);
    each(p.outputs.subarray(0, count * model.outputs), from, count);
  }
}

/** Rows of inputs, and the class of each. */
export interface Data {
  x: Float32Array;
  labels: Labels;
}

function examples(where: string, model: Model, data: Data): { x: Float32Array; labels: Uint32Array; rows: number } {
  if (!plans.has(model)) throw new TypeError(`${where}: model is ${what(model)}; pass one made by nn.sequential`);
  const { x, labels } = options(where, data, ['x', 'labels']);
  const rows = rowsIn(where, x as Float32Array, model.inputs);
  const classes = labelled(where, labels, model.outputs);
  sameLength(where, 'labels', classes.length, 'x, in rows,', rows);
  return { x: x as Float32Array, labels: classes, rows };
}

/** The mean cross-entropy in nats, and the share of rows whose largest output is at their label. */
export function evaluate(model: Model, data: Data): { loss: number; accuracy: number } {
  const { x, labels, rows } = examples('nn.evaluate', model, data);
  let total = 0;
  let right = 0;
  const { kernel, outputs: logits, labels: classes } = planned(model, 1);
  const loss = kernel('crossEntropyForward', logits, classes);
  run(model, x, rows, (outputs, from, count) => {
    classes.set(labels.subarray(from, from + count));
    total = loss(count, model.outputs, total);
    for (let row = 0; row < count; row++) {
      const at = row * model.outputs;
      // The first of the largest; where one is NaN, none.
      let best = -1;
      let top = -Infinity;
      for (let k = 0; k < model.outputs; k++) {
        const value = outputs[at + k];
        if (value > top) [best, top] = [k, value];
        else if (Number.isNaN(value)) [best, top] = [-1, Infinity];
      }
      if (best === classes[row]) right++;
    }
  });
  return { loss: rows === 0 ? 0 : total / rows, accuracy: rows === 0 ? 0 : right / rows };
}

export interface Fit {
  /** Passes over the data; 1. */
  epochs?: number;
  /** Rows a step; 32. The last step of an epoch takes what is left. */
  batchSize?: number;
  optimizer: Optimizer;
  /** The learning rate by epoch; the optimizer's own without it. */
  schedule?: Schedule;
  /** The order of the rows; with random.torch it is that of PyTorch's DataLoader. */
  rng?: Generator;
  seed?: Seed;
  /** Whether each epoch has an order of its own; true. */
  shuffle?: boolean;
  /** Ends the training after a step: the iterator throws the signal's reason, the model stays as it is. */
  signal?: AbortSignal;
}

/** A step that was made. */
export interface Step {
  /** From 0. */
  epoch: number;
  /** From 0, through all epochs. */
  step: number;
  /** The mean cross-entropy of the step's rows, before it. */
  loss: number;
  lr: number;
}

/**
 * Trains on cross-entropy, a step for each turn of `for await`. Between steps the page or server gets its
 * turn after every 12 milliseconds of work.
 */
export function fit(model: Model, data: Data, given: Fit): AsyncGenerator<Step, void, void> {
  const where = 'nn.fit';
  const known = ['epochs', 'batchSize', 'optimizer', 'schedule', 'rng', 'seed', 'shuffle', 'signal'];
  const o = options(where, given, known) as Fit;
  const { x, labels, rows } = examples(where, model, data);
  const epochs = whole(where, 'epochs', o.epochs ?? 1);
  const batchSize = whole(where, 'batchSize', o.batchSize ?? 32, { least: 1 });
  const shuffle = flag(where, 'shuffle', o.shuffle ?? true);
  const { optimizer, schedule, signal } = o;
  if (typeof optimizer?.bind !== 'function')
    throw new TypeError(`${where}: optimizer is ${what(optimizer)}; pass one, such as nn.sgd({ lr: 0.1 })`);
  if (schedule !== undefined && typeof schedule !== 'function')
    throw new TypeError(`${where}: schedule is ${what(schedule)}; pass one, such as nn.stepDecay({ gamma: 0.96 })`);
  if (signal !== undefined && typeof signal.throwIfAborted !== 'function')
    throw new TypeError(`${where}: signal is ${what(signal)}; pass an AbortSignal`);
  const source = generatorOf(where, o);
  const { inputs, outputs } = model;

  async function* steps(): AsyncGenerator<Step, void, void> {
    signal?.throwIfAborted();
    const training = Symbol('training');
    trainings.set(model, training);
    const p = planned(model, Math.min(batchSize, Math.max(1, rows)), optimizer.slots);
    const state = p.state.slice(0, optimizer.slots);
    for (const values of state) values.fill(0);
    const update = optimizer.bind(p.kernel, p.parameters, p.gradients, state);
    const gradient = p.kernel('crossEntropyBackward', p.outputs, p.labels, p.outputGradient);
    const backwards = p.passes.toReversed();
    let since = performance.now();
    let step = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const lr = schedule
        ? number(where, 'the learning rate of schedule', schedule(epoch, optimizer.lr), { least: 0 })
        : optimizer.lr;
      const order = shuffle ? source.order(rows) : undefined;
      for (let from = 0; from < rows; from += batchSize) {
        signal?.throwIfAborted();
        if (trainings.get(model) !== training) {
          throw new Error(`${where}: another fit of this model has begun; train one after the other`);
        }
        const count = Math.min(batchSize, rows - from);
        for (let i = 0; i < count; i++) {
          const row = order ? order[from + i] : from + i;
          p.x.set(view(x, row * inputs, (row + 1) * inputs), i * inputs);
          p.labels[i] = labels[row];
        }
        for (const pass of p.passes) pass.forward(count);
        const loss = gradient(count, outputs, 1 / count) / count;
        for (const pass of backwards) pass.backward(count);
        update(lr);
        yield { epoch, step: step++, loss, lr };
        if (performance.now() - since > 12) {
          await turn();
          since = performance.now();
        }
      }
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
