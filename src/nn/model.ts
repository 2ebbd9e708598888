// Models, their plans, and the trainings under way.

import { allocate, attached, type Floats, float32, what } from '../check.js';
import type { Source } from '../random/source.js';
import type { Tensor } from '../tensor.js';
import { view } from '../wasm/kernels.js';
import { hasSpec, type Layer, requireLayer } from './layer.js';
import { type Network, type Plan, type Planned, padded, planApart, planInModel, planMemory } from './plan.js';
import {
  beginUse,
  endUse,
  fixTensor,
  isMovable,
  keepStorage,
  latestValues,
  releaseTensor,
  requireIdle as requireOwnerIdle,
  type Storage,
  setBusy,
  storageOf,
} from './storage.js';

/** A model: layers, each of which takes the output of the one before. */
export interface Model extends Network {
  readonly layers: readonly Layer[];
  /** Values in a row of the input and of the output. */
  readonly inputs: number;
  readonly outputs: number;
  /** All parameters, with the names of PyTorch's state_dict: '0.weight', '0.bias', ... Their arrays stay where they are. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** The outputs (logits) for rows of inputs, in a new array. RangeError where x has no whole number of rows. */
  forward(x: Float32Array): Floats;
}

/** The memory of a model, and its plan there, which is made when it is first needed. */
interface ModelMemory {
  busy: boolean;
  readonly planned: Planned;
  readonly storages: Storage[];
  plan: Plan | undefined;
}
const memories = new WeakMap<Model, ModelMemory>();

/** The names of a layer's parameters, after its index. */
type NamesIn<L, I extends string> = L extends Layer ? `${I}.${keyof L['parameters'] & string}` : never;
/** A model of a tuple of layers: it knows their types, and the names of its parameters. */
export interface ModelOf<L extends readonly Layer[]> extends Omit<Model, 'parameters'> {
  readonly layers: L;
  /** All parameters, with the names of PyTorch's state_dict: '0.weight', '0.bias', '2.weight', ... */
  readonly parameters: {
    readonly [Name in { [I in keyof L & `${number}`]: NamesIn<L[I], I> }[keyof L & `${number}`]]: Tensor;
  };
}
/** The model of layers: of an array of any length, one of any layers and names. */
export type Sequential<L extends readonly Layer[]> = number extends L['length'] ? Model : ModelOf<L>;

/** The progress of a training between two steps. */
export interface Progress {
  epoch: number;
  /** The index of the next row in the epoch, how many rows an epoch has, and how many a step has. */
  row: number;
  rows: number;
  batchSize: number;
  /** The states of the generator of the rows' order, at the beginning of the epoch and now. */
  order: Record<string, unknown>;
  generator: Record<string, unknown>;
  /** The states of the generators of layers that draw, by the layers' indices. */
  layers: Record<string, Record<string, unknown>>;
  /** Which of these share a generator, as sharedSources gives it. Files of versions before do not say so. */
  sources?: Record<string, string>;
}

/** A training that is under way. */
export interface Training {
  progress(): Progress;
  /** The optimizer's arrays: for each slot, one for each parameter by name. */
  state(): Record<string, Float32Array>[];
}
export const trainings = new WeakMap<Model, Training>();

/** The most rows of a forward pass: some hundred kilobytes of activations stay in a level-2 cache. */
const BATCH = 128;

/** The plan in the model's own memory, if it has enough rows and state and there are no threads; else a new plan in other memory. */
export function planFor(where: string, model: Model, batchSize = 1, slots = 0, threads = 0): Plan {
  requireIdle(where, model);
  const memory = memories.get(model)!;
  const plan = (memory.plan ??= planInModel(model, memory.planned));
  if (threads === 0 && plan.batchSize >= batchSize && plan.slots >= slots) {
    memory.storages.forEach(latestValues);
    return plan;
  }
  return planApart(where, model, batchSize, slots, { threads });
}

/** Begins a pass in a plan. The function that is returned ends it: then the parameters are what the pass made of them. */
export function beginPass(model: Model, plan: Plan): () => void {
  if (plan === memories.get(model)!.plan) return () => {};
  for (const { storage, values } of plan.tensors.values()) beginUse(storage, values);
  return () => {
    for (const { storage } of plan.tensors.values()) endUse(storage);
  };
}

/** Marks that threads begin or end a step of a model. */
export function setModelBusy(model: Model, busy: boolean): void {
  const memory = memories.get(model)!;
  setBusy(memory, memory.planned.block, busy);
}

/** The latest values of all parameters by name. Unlike `data`, it does not count as giving the arrays away. */
export const valuesOf = ({ parameters }: Model): [name: string, values: Float32Array][] =>
  Object.entries(parameters).map(([name, tensor]) => [name, latestValues(storageOf(tensor)!)]);

/** How many products of parameters and inputs a forward pass over `rows` rows has. */
export const productsOf = ({ parameters }: Model, rows: number): number =>
  Object.values(parameters).reduce((sum, tensor) => sum + rows * storageOf(tensor)!.own.length, 0);

/** The last operation of model.forward. Dropout is left out: it does nothing there. */
export const lastOperation = (where: string, model: Model) =>
  planFor(where, model)
    .operations.filter(({ kind }) => kind !== 'dropout')
    .pop();

/** The sources of the layers that draw, with the layers' indices. */
export const drawingLayers = ({ layers }: Model): (readonly [index: string, source: Source])[] =>
  layers.flatMap(({ source }, i) => (source ? [[String(i), source] as const] : []));

/**
 * For each layer that draws, by its index: 'order' if it shares the generator of the rows' order, else the index of the first
 * layer with the same generator (its own, if it is the first).
 */
export function sharedSources(model: Model, order?: Source): Record<string, string> {
  const drawing = drawingLayers(model);
  const firstOf = (source: Source) => drawing.find(([, other]) => other === source)![0];
  return Object.fromEntries(drawing.map(([i, source]) => [i, source === order ? 'order' : firstOf(source)]));
}

/** Error while threads make a step of the model. */
export const requireIdle = (where: string, model: Model): void => requireOwnerIdle(where, memories.get(model)!);

/**
 * A model of layers, each of which takes the output of the one before. The layers' tensors get arrays in the model's memory, where
 * they stay. TypeError for a value that is not a layer; RangeError where layers do not fit, or have a tensor of another layer
 * or model.
 */
export function sequential<L extends readonly Layer[]>(layers: readonly [...L]): Sequential<L> {
  const where = 'nn.sequential';
  if (!Array.isArray(layers)) throw new TypeError(`${where}: layers is ${what(layers)}; pass an array of layers`);
  const { inputs, outputs } = checkedLayers(where, layers);
  const model: Model = {
    layers: Object.freeze([...layers]),
    inputs,
    outputs,
    parameters: Object.freeze(
      Object.fromEntries(
        (layers as readonly Layer[]).flatMap((layer, i) =>
          Object.entries(layer.parameters).map(([name, tensor]) => [`${i}.${name}`, tensor]),
        ),
      ),
    ),
    forward(x) {
      const rows = rowsIn('model.forward', x, inputs);
      const out = allocate('model.forward', rows * outputs, Float32Array);
      forwardInBatches('model.forward', model, x, rows, (values, from) => out.set(values, from * outputs));
      return out;
    },
  };
  const planned = planMemory(where, model);
  // What layers of others do with their tensors is not known.
  const isForeign = !layers.every(hasSpec);
  let from = 0;
  const memory: ModelMemory = { busy: false, planned, storages: [], plan: undefined };
  for (const tensor of Object.values(model.parameters)) {
    const to = from + tensor.data.length;
    memory.storages.push(fixTensor(tensor, memory, planned.block.subarray(from, to), isForeign));
    from = padded(to);
  }
  memories.set(model, memory);
  const tensors = Object.values(model.parameters);
  try {
    if (isForeign) planFor(where, model); // for the errors of their bind
  } catch (error) {
    tensors.forEach(releaseTensor);
    throw error;
  }
  tensors.forEach(keepStorage);
  return model as Sequential<L>;
}

/** Checks that layers fit. Returns the first one's inputs and the last one's outputs. */
function checkedLayers(where: string, layers: readonly Layer[]) {
  let width: number | undefined;
  const tensors = new Set<Tensor>();
  Array.from(layers).forEach((layer, i) => {
    requireLayer(where, `layers[${i}]`, layer);
    for (const [name, tensor] of Object.entries(layer.parameters)) {
      const owner = tensors.has(tensor)
        ? 'this layer or one before it'
        : storageOf(tensor)
          ? 'another model'
          : undefined;
      if (owner) throw new RangeError(`${where}: layers[${i}] has a tensor of ${owner}; make a layer of its own`);
      if (!isMovable(tensor))
        throw new TypeError(
          `${where}: ${name} of layers[${i}] is frozen, or of a model of another copy of fanwise; make a tensor of its own`,
        );
      tensors.add(tensor);
    }
    if (width !== undefined && layer.inputs !== undefined && layer.inputs !== width)
      throw new RangeError(`${where}: layers[${i}] takes ${layer.inputs} values and gets ${width}; make the two agree`);
    width = layer.outputs ?? layer.inputs ?? width;
  });
  const inputs = layers.find((layer) => layer.inputs !== undefined)?.inputs;
  if (inputs === undefined || width === undefined)
    throw new RangeError(`${where}: no layer says how many values a row has; begin with nn.linear`);
  return { inputs, outputs: width };
}

/** How many rows of `inputs` values x has, checked. */
export function rowsIn(where: string, x: unknown, inputs: number): number {
  const { length } = float32(where, 'x', x);
  if (length % inputs !== 0)
    throw new RangeError(`${where}: x has ${length} values, no whole number of rows of ${inputs}; pass whole rows`);
  return length / inputs;
}

/** TypeError unless the value is a model that this copy of the package made. */
export function requireModel(where: string, value: unknown): asserts value is Model {
  if (!memories.has(value as Model))
    throw new TypeError(`${where}: model is ${what(value)}; pass one made by nn.sequential of this copy of fanwise`);
}

/** Runs forward over all rows in batches. `use` is called with the outputs, the first row and the number of rows of each. */
export function forwardInBatches(
  where: string,
  model: Model,
  x: Float32Array,
  rows: number,
  use: (outputs: Float32Array, from: number, count: number) => void,
): void {
  eachBatch(where, model, x, rows, (plan, from, count) => {
    for (const pass of plan.passes) pass.forward(count);
    use(plan.outputs.subarray(0, count * model.outputs), from, count);
  });
}

/** Copies rows of x to a model's plan, batch by batch, and calls `use` with the first row and the number of rows of each. */
export function eachBatch(
  where: string,
  model: Model,
  x: Float32Array,
  rows: number,
  use: (plan: Plan, from: number, count: number) => void,
): void {
  const plan = planFor(where, model);
  const most = Math.min(BATCH, plan.batchSize);
  for (let from = 0; from < rows; from += most) {
    const count = Math.min(most, rows - from);
    attached(where, 'x', x);
    plan.x.set(view(x, from * model.inputs, (from + count) * model.inputs));
    use(plan, from, count);
  }
}
