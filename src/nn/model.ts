// Models, their plans, and the trainings under way.

import { allocate, type Floats, float32, what } from '../check.js';
import type { Source } from '../random/source.js';
import type { Tensor } from '../tensor.js';
import { view } from '../wasm/kernels.js';
import { type Layer, requireLayer } from './layer.js';
import { makePlan, type Network, type Plan, type Sharing } from './plan.js';

/** A model: layers, each of which takes the output of the one before. */
export interface Model extends Network {
  readonly layers: readonly Layer[];
  /** Values in a row of the input and of the output. */
  readonly inputs: number;
  readonly outputs: number;
  /** All parameters, with the names of PyTorch's state_dict: '0.weight', '0.bias', '2.weight', ... */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** The outputs (logits) for rows of inputs, in a new array. RangeError where x has no whole number of rows. */
  forward(x: Float32Array): Floats;
}

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

const plans = new WeakMap<Model, Plan>();

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
  /** Whether threads are making a step. */
  busy: boolean;
}
export const trainings = new WeakMap<Model, Training>();

/** The tensors of all models. They are in the model's workspace, from which a second model would move them. */
const ownedTensors = new WeakSet<Tensor>();

/** The batch size of a first plan. More rows are evaluated in several batches, so that memory is bounded. */
const BATCH = 128;

/** The plan of a model; a new one if the present one is too small. */
export function planFor(model: Model, batchSize: number, slots = 0): Plan {
  const current = plans.get(model);
  requireIdle(model);
  if (current !== undefined && current.batchSize >= batchSize && current.slots >= slots) return current;
  return renewPlan(model, batchSize, slots);
}

/** The same, on memory that no other thread shares. */
export const unsharedPlanFor = (model: Model, batchSize: number, slots = 0): Plan =>
  plans.get(model)!.threads > 0 ? renewPlan(model, batchSize, slots) : planFor(model, batchSize, slots);

/** A new plan of a model: with `sharing` on memory that threads share, else on memory of its own. */
export function renewPlan(model: Model, batchSize: number, slots: number, sharing?: Sharing): Plan {
  requireIdle(model);
  const current = plans.get(model);
  const [rows, arrays] = [Math.max(batchSize, current?.batchSize ?? 0), Math.max(slots, current?.slots ?? 0)];
  const plan = makePlan(model, rows, arrays, sharing);
  plans.set(model, plan);
  return plan;
}

/** How many products of parameters and inputs a forward pass over `rows` rows has. */
export const productsOf = ({ parameters }: Model, rows: number): number =>
  Object.values(parameters).reduce((sum, { data }) => sum + rows * data.length, 0);

/** The last operation of a model that changes values where it does not train, which dropout does not. */
export const lastOperation = (model: Model) =>
  plans
    .get(model)!
    .operations.filter(({ kind }) => kind !== 'dropout')
    .pop();

/** The sources of the layers that draw, with the layers' indices. */
export const drawingLayers = ({ layers }: Model): (readonly [index: string, source: Source])[] =>
  layers.flatMap(({ source }, i) => (source ? [[String(i), source] as const] : []));

/**
 * For the index of each layer that draws, with what it shares its generator: 'order' if that is the generator of the rows' order,
 * else the index of the first layer that has it, which may be itself.
 */
export function sharedSources(model: Model, order?: Source): Record<string, string> {
  const drawing = drawingLayers(model);
  const firstOf = (source: Source) => drawing.find(([, other]) => other === source)![0];
  return Object.fromEntries(drawing.map(([i, source]) => [i, source === order ? 'order' : firstOf(source)]));
}

/** Error while threads make a step of the model. */
export function requireIdle(model: Model): void {
  if (trainings.get(model)?.busy) throw new Error('a step of this model is under way on threads; wait for it');
}

/**
 * A model of layers, each of which takes the output of the one before. The layers' tensors are moved into the model's workspace.
 * TypeError for a value that is not a layer; RangeError where layers do not fit, or have a tensor of another layer or model.
 */
export function sequential<L extends readonly Layer[]>(layers: readonly [...L]): Sequential<L> {
  const where = 'nn.sequential';
  if (!Array.isArray(layers)) throw new TypeError(`${where}: layers is ${what(layers)}; pass an array of layers`);
  const { inputs, outputs, tensors } = checkedLayers(where, layers);
  const model: Model = {
    layers: Object.freeze([...layers]),
    inputs,
    outputs,
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
  for (const tensor of tensors) ownedTensors.add(tensor);
  return model as Sequential<L>;
}

/** Checks that layers fit. Returns the first one's inputs, the last one's outputs, and all tensors. */
function checkedLayers(where: string, layers: readonly Layer[]) {
  let width: number | undefined;
  const tensors = new Set<Tensor>();
  Array.from(layers).forEach((layer, i) => {
    requireLayer(where, `layers[${i}]`, layer);
    for (const tensor of Object.values(layer.parameters)) {
      const owner = tensors.has(tensor) ? 'a layer before it' : ownedTensors.has(tensor) ? 'another model' : undefined;
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

/** How many rows of `inputs` values x has, checked. */
export function rowsIn(where: string, x: unknown, inputs: number): number {
  const { length } = float32(where, 'x', x);
  if (length % inputs !== 0)
    throw new RangeError(`${where}: x has ${length} values, no whole number of rows of ${inputs}; pass whole rows`);
  return length / inputs;
}

/** TypeError unless the value is a model that this copy of the package made. */
export function requireModel(where: string, value: unknown): asserts value is Model {
  if (!plans.has(value as Model))
    throw new TypeError(`${where}: model is ${what(value)}; pass one made by nn.sequential of this copy of fanwise`);
}

/** Runs forward over all rows in batches. `use` is called with the outputs, the first row and the number of rows of each. */
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
