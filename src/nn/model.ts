// A model: layers in a row, and its plan.

import { allocate, type Floats, float32, what } from '../check.js';
import type { Source } from '../random/source.js';
import type { Tensor } from '../tensor.js';
import { view } from '../wasm/kernels.js';
import type { Layer } from './layer.js';
import { makePlan, type Network, type Plan, type Sharing } from './plan.js';

/** Layers in a row. */
export interface Model extends Network {
  readonly layers: readonly Layer[];
  /** Values a row that go in and come out. */
  readonly inputs: number;
  readonly outputs: number;
  /** Everything learnt, named as PyTorch's state_dict names it: '0.weight', '0.bias', '2.weight', ... */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** The outputs (logits) for rows of inputs, in a new array. */
  forward(x: Float32Array): Floats;
}

const plans = new WeakMap<Model, Plan>();

/** Where a training is, between two steps. */
export interface Progress {
  epoch: number;
  /** The index in the epoch of the next row, how many rows there are, and how many a step takes. */
  row: number;
  rows: number;
  batchSize: number;
  /** The generator of the rows' order: at the beginning of the epoch, and now. */
  order: Record<string, unknown>;
  generator: Record<string, unknown>;
  /** Those of the layers that draw, by their indices. */
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
const owned = new WeakSet<Tensor>();

/** Rows that are planned at first. A larger evaluation runs in parts, so that its memory is bounded. */
const BATCH = 128;

/** The plan of a model, made anew where it is too small. */
export function planFor(model: Model, batchSize: number, slots = 0): Plan {
  const present = plans.get(model);
  requireIdle(model);
  if (present !== undefined && present.batchSize >= batchSize && present.slots >= slots) return present;
  return renewPlan(model, batchSize, slots);
}

/** The plan of a model, on memory that no thread shares. */
export const ownPlanFor = (model: Model, batchSize: number, slots = 0): Plan =>
  plans.get(model)!.threads > 0 ? renewPlan(model, batchSize, slots) : planFor(model, batchSize, slots);

/** A new plan of a model: with `sharing` on memory that threads share, without on memory of its own. */
export function renewPlan(model: Model, batchSize: number, slots: number, sharing?: Sharing): Plan {
  requireIdle(model);
  const present = plans.get(model);
  const [rows, arrays] = [Math.max(batchSize, present?.batchSize ?? 0), Math.max(slots, present?.slots ?? 0)];
  const plan = makePlan(model, rows, arrays, sharing);
  plans.set(model, plan);
  return plan;
}

/** How many products the parameters of a model take for so many rows. */
export const productsOf = ({ parameters }: Model, rows: number): number =>
  Object.values(parameters).reduce((sum, { data }) => sum + rows * data.length, 0);

/** The layers that draw, by their indices, and their sources. */
export const drawingLayers = ({ layers }: Model): (readonly [index: string, source: Source])[] =>
  layers.flatMap(({ source }, i) => (source ? [[String(i), source] as const] : []));

/** Error while threads make a step of a model. */
export function requireIdle(model: Model): void {
  if (trainings.get(model)?.busy) throw new Error('a step of this model is under way on threads; wait for it');
}

/** A model of layers, each taking what the one before makes. The layers' tensors move into its workspace. */
export function sequential(layers: readonly Layer[]): Model {
  const where = 'nn.sequential';
  if (!Array.isArray(layers)) throw new TypeError(`${where}: layers is ${what(layers)}; pass an array of layers`);
  const { inputs, outputs, tensors } = checkedLayers(where, layers);
  const model: Model = {
    layers: Object.freeze([...layers]),
    ...{ inputs, outputs },
    parameters: Object.fromEntries(
      (layers as readonly Layer[]).flatMap((layer, i) =>
        Object.entries(layer.parameters).map(([name, tensor]) => [`${i}.${name}`, tensor]),
      ),
    ),
    forward(x) {
      const rows = rowsIn('model.forward', x, inputs);
      const out = allocate('model.forward', rows * outputs, Float32Array);
      forwardInBatches(model, x, rows, (values, from) => out.set(values, from * outputs));
      return out;
    },
  };
  planFor(model, BATCH);
  for (const tensor of tensors) owned.add(tensor);
  return model;
}

/** Layers that fit to each other: the first one's inputs, the last one's outputs, and all tensors. */
function checkedLayers(where: string, layers: readonly Layer[]) {
  let width: number | undefined;
  const tensors = new Set<Tensor>();
  Array.from(layers).forEach((layer, i) => {
    if (typeof layer !== 'object' || typeof layer?.bind !== 'function')
      throw new TypeError(`${where}: layers[${i}] is ${what(layer)}; pass a layer, such as nn.linear(784, 10)`);
    for (const tensor of Object.values(layer.parameters)) {
      const owner = tensors.has(tensor) ? 'a layer before it' : owned.has(tensor) ? 'another model' : undefined;
      if (owner) throw new RangeError(`${where}: layers[${i}] has a tensor of ${owner}; make a layer of its own`);
      tensors.add(tensor);
    }
    if (width !== undefined && layer.inputs !== undefined && layer.inputs !== width)
      throw new RangeError(`${where}: layers[${i}] takes ${layer.inputs} values and gets ${width}; make the two agree`);
    width = layer.outputs ?? layer.inputs ?? width;
  });
  const inputs = layers.find((layer) => layer.inputs !== undefined)?.inputs;
  if (inputs === undefined || width === undefined)
    throw new RangeError(`${where}: no layer says how many values a row has; begin with nn.linear`);
  return { inputs, outputs: width, tensors };
}

/** How many rows of `inputs` values x has. */
export function rowsIn(where: string, x: unknown, inputs: number): number {
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

/** Forward over all rows, a batch at a time; `use` is given each batch's outputs, its first row, and its number of rows. */
export function forwardInBatches(
  model: Model,
  x: Float32Array,
  rows: number,
  use: (outputs: Float32Array, from: number, count: number) => void,
): void {
  const plan = planFor(model, 1);
  for (let from = 0; from < rows; from += plan.batchSize) {
    const count = Math.min(plan.batchSize, rows - from);
    plan.x.set(view(x, from * model.inputs, (from + count) * model.inputs));
    for (const pass of plan.passes) pass.forward(count);
    use(plan.outputs.subarray(0, count * model.outputs), from, count);
  }
}
