// A model: layers in a row, in one workspace that is planned before the first step. A step then allocates no
// memory for values: it runs kernels over what has its place.

import { allocate, float32, what } from '../check.js';
import type { Source } from '../random/source.js';

import type { Tensor } from '../tensor.js';
import { view } from '../wasm/kernels.js';
import { bind, join, setCallback, sharedWorkspace, type Workspace, workspace } from '../wasm/memory.js';
import type { Layer, Part, Passes, Place } from './layer.js';

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

/** Where a model's workspace is: for threads to share, or, as one of them sees it, on memory that came from elsewhere. */
interface Shared {
  threads: number;
  joined?: { memory: WebAssembly.Memory; index: number };
}

/** What a model's workspace holds. */
export interface Plan {
  batchSize: number;
  slots: number;
  /** For threads: the workspace, how many there are, and words by which they wait for each other. */
  ws: Workspace;
  threads: number;
  meeting: Uint32Array;
  kernel: Place['kernel'];
  /** All parameters side by side, padded to vectors; their gradients and the optimizer's state likewise. */
  parameters: Float32Array;
  gradients: Float32Array;
  state: Float32Array[];
  x: Float32Array;
  outputs: Float32Array;
  outputGradient: Float32Array;
  passes: Passes[];
  /** What the passes do, thing by thing, for a probe, and where it counts. */
  parts: (Part & { layer: number; train?: Passes['train']; gradients: Place['gradients'] })[];
  counts: Uint32Array;
  /** For what a loss needs. */
  room: Float32Array;
}

const plans = new WeakMap<Model, Plan>();
/** Where a training is, between two steps. */
export interface Progress {
  epoch: number;
  /** The place in the epoch of the next row, of so many, so many a step. */
  row: number;
  rows: number;
  batchSize: number;
  /** The generator of the order: at the beginning of the epoch, and now. */
  order: Record<string, unknown>;
  generator: Record<string, unknown>;
  /** Those of the layers that draw, by their places. */
  layers: Record<string, Record<string, unknown>>;
}

/** The training of a model that is under way. */
export interface Training {
  progress(): Progress;
  /** The optimizer's arrays, slot by slot, laid out as the parameters are. */
  state(): Record<string, Float32Array>[];
  /** Whether threads are making a step. */
  busy: boolean;
}
export const trainings = new WeakMap<Model, Training>();
/** Tensors that a model has: they live in its workspace, and a second model would move them out. */
const taken = new WeakSet<Tensor>();

/** What the statistics kernel writes: numbers of binary64, and the counts of a histogram's bins. */
export const [SUMS, BINS] = [7, 32];
const COUNTS = 2 * SUMS + BINS;

export const padded = (n: number) => Math.ceil(n / 4) * 4;
/** Memory that a batch needs is bounded: a larger evaluation runs in parts. */
const BATCH = 128;

/** Words by which at most 64 threads meet (see team.ts). */
const MEETING = 76;

/** A new workspace for a model and a batch size, with the parameters moved into it. */
function plan(model: Model, batchSize: number, slots: number, { threads, joined }: Shared = { threads: 0 }): Plan {
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
  const kept = layers.map(({ kept }, i) => (kept ? padded(batchSize * widths[i + Number(kept === 'outputs')]) : 0));
  const keeping = kept.reduce((sum, n) => sum + n, 0);
  // Two values an output for whichever loss: a loss that came later must not move a model that is being trained.
  const room = 2 * batchSize * model.outputs;
  // What threads write at once each has for itself.
  const scratches = padded(scratch) * Math.max(1, threads);
  const bytes = 4 * ((2 + slots) * learnt + rows + keeping + padded(room) + scratches + padded(COUNTS) + MEETING);
  const ws = joined
    ? join(joined.memory, threads, joined.index)
    : threads > 0
      ? sharedWorkspace('workspace', bytes, threads)
      : workspace({ bytes });

  const kernel: Place['kernel'] = (name, ...arrays) => bind(ws, name, ...arrays);
  const parameters = ws.float32(learnt);
  const gradients = ws.float32(learnt);
  const state = Array.from({ length: slots }, () => ws.float32(learnt));
  const gradientOf = new Map<Tensor, Float32Array>();
  let at = 0;
  for (const tensor of tensors) {
    const { length } = tensor.data;
    const inside = parameters.subarray(at, at + length);
    if (!joined) inside.set(tensor.data);
    (tensor as { data: Float32Array }).data = inside;
    gradientOf.set(tensor, gradients.subarray(at, at + length));
    at += padded(length);
  }

  const first = ws.float32(batchSize * widths[0]);
  const [shared] = Array.from({ length: Math.max(1, threads) }, () => ws.float32(scratch)).slice(joined?.index ?? 0);
  let x = first;
  let dx: Float32Array | null = null;
  const parts: Plan['parts'] = [];
  const passes = layers.map((layer, i) => {
    const y = inPlace[i] ? x : ws.float32(batchSize * widths[i + 1]);
    const dy = inPlace[i] && dx ? dx : ws.float32(batchSize * widths[i + 1]);
    const named = Object.entries(layer.parameters).map(([name, tensor]) => [name, gradientOf.get(tensor)!]);
    const byParameters: Place['gradients'] = Object.fromEntries(named);
    const bound = layer.bind({
      ...{ kernel, x, y, dx, dy, inputs: widths[i], outputs: widths[i + 1], scratch: shared },
      setCallback: (name) => setCallback(ws, name),
      kept: ws.float32(kept[i]),
      gradients: byParameters,
    });
    for (const part of bound.parts ?? [{ kind: layer.kind, y, dy, ...bound }])
      parts.push({ ...part, layer: i, gradients: part.kind === layer.kind ? byParameters : {} });
    x = y;
    dx = dy;
    return bound;
  });
  return {
    ...{ batchSize, slots, ws, threads, kernel, parameters, gradients, state, passes, parts },
    meeting: ws.uint32(MEETING),
    x: first,
    room: ws.float32(room),
    counts: ws.uint32(COUNTS),
    outputs: x,
    outputGradient: dx ?? first,
  };
}

/** The plan of a model, made anew where it is too small. */
export function planned(model: Model, batchSize: number, slots = 0): Plan {
  const present = plans.get(model);
  idle(model);
  if (present !== undefined && present.batchSize >= batchSize && present.slots >= slots) return present;
  return replanned(model, batchSize, slots);
}

/** How many products the parameters of a model take for so many rows. */
export const productsOf = ({ parameters }: Model, rows: number): number =>
  Object.values(parameters).reduce((sum, { data }) => sum + rows * data.length, 0);

/** The layers that draw, by their places. */
export const drawing = ({ layers }: Model): (readonly [place: string, source: Source])[] =>
  layers.flatMap(({ source }, i) => (source ? [[String(i), source] as const] : []));

/** No thread works on a model. */
export function idle(model: Model): void {
  if (trainings.get(model)?.busy) throw new Error('a step of this model is under way on threads; wait for it');
}

/** The plan of a model, on memory of its own. */
export const settled = (model: Model, batchSize: number, slots = 0): Plan =>
  plans.get(model)!.threads > 0 ? replanned(model, batchSize, slots) : planned(model, batchSize, slots);

/** A new plan of a model: with threads on memory that they share, without on memory of its own. */
export function replanned(model: Model, batchSize: number, slots: number, shared?: Shared): Plan {
  idle(model);
  const present = plans.get(model);
  const made = plan(model, Math.max(batchSize, present?.batchSize ?? 0), Math.max(slots, present?.slots ?? 0), shared);
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
      const out = allocate('model.forward', rows * model.outputs, Float32Array);
      run(model, x, rows, (outputs, from) => out.set(outputs, from * model.outputs));
      return out;
    },
  };
  planned(model, BATCH);
  for (const tensor of seen) taken.add(tensor);
  return model;
}

export function rowsIn(where: string, x: Float32Array, inputs: number): number {
  const { length } = float32(where, 'x', x);
  if (length % inputs !== 0)
    throw new RangeError(`${where}: x has ${length} values, no whole number of rows of ${inputs}; pass whole rows`);
  return length / inputs;
}

/** TypeError for what is no model that this copy of the package made. */
export function requireModel(where: string, value: unknown): asserts value is Model {
  if (!plans.has(value as Model))
    throw new TypeError(`${where}: model is ${what(value)}; pass one made by nn.sequential of this copy of fanwise`);
}

/** Forward over all rows, a batch at a time. */
export function run(
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
