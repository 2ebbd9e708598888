// The memory plans of a model. What stays from one step to the next (parameters, gradients, the optimizer's state) has a block of
// its own. What a step writes anew (activations, their gradients, scratch) has a region, which small models share in turn.

import type { Tensor } from '../tensor.js';
import { HISTOGRAM_BINS, STATISTICS_SUMS } from '../wasm/generated/constants.js';
import {
  bind,
  joinWorkspace,
  type Kernel,
  type KernelFunction,
  newWorkspace,
  reserved,
  setCallback,
  type Values,
  type Workspace,
} from '../wasm/memory.js';
import { hasSpec, type Layer, type LayerMemory, type Operation, type Passes, requirePasses } from './layer.js';
import { type Storage, storageOf } from './storage.js';

/** The part of a model that a plan depends on: layers, parameters by name, and how many values a row of inputs and of outputs has. */
export interface Network {
  readonly layers: readonly Layer[];
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: Readonly<Record<string, Tensor>>;
}

/** Threads that share the plan's memory. With `joined`, it is memory that another thread made. */
interface Sharing {
  threads: number;
  joined?: { memory: WebAssembly.Memory; index: number };
}

/** A tensor's arrays in a plan, and the index of its first value in all arrays of the parameters' layout. */
export interface PlannedTensor {
  storage: Storage;
  from: number;
  values: Float32Array;
  gradient: Float32Array;
}

export interface Plan {
  /** The most rows of a pass. */
  batchSize: number;
  /** Arrays of optimizer state, each as long as the parameters. */
  slots: number;
  ws: Workspace;
  /** How many threads share the workspace; 0 if it is not shared. */
  threads: number;
  /** Words by which threads wait for each other (see threads/barrier.ts); none if there are no threads. */
  barrier: Uint32Array;
  kernel: LayerMemory['kernel'];
  /**
   * All parameters one after the other, each padded to vectors. Their gradients and the optimizer's state have the same layout.
   * An optimizer steps over the padding too, and its values are arbitrary: no result may depend on them.
   */
  parameters: Float32Array;
  gradients: Float32Array;
  state: Float32Array[];
  tensors: ReadonlyMap<Tensor, PlannedTensor>;
  /** The indices of the padding in these arrays. */
  padding: readonly number[];
  x: Float32Array;
  outputs: Float32Array;
  outputGradient: Float32Array;
  passes: Passes[];
  /** The layers' operations, for a probe, and the memory for its counts. */
  operations: (Operation & { layer: number; train?: Passes['train']; gradients: LayerMemory['gradients'] })[];
  counts: Uint32Array;
  /** Memory for a loss: two values for each output. */
  lossMemory: Float32Array;
}

/** Words that the statistics kernel writes: sums in binary64, and the counts of a histogram's bins. */
export const STATISTICS_WORDS = 2 * STATISTICS_SUMS + HISTOGRAM_BINS;

/** Words for the barrier of at most 64 threads. */
const BARRIER = 76;

/** A length padded to whole vectors of four. */
export const padded = (n: number) => Math.ceil(n / 4) * 4;
const sum = (lengths: readonly number[]) => lengths.reduce((total, n) => total + n, 0);

/** How many values the arrays of a plan have. */
function sizesOf({ layers, inputs, outputs, parameters }: Network) {
  const widths = [inputs];
  for (const layer of layers) widths.push(layer.outputs ?? widths[widths.length - 1]);
  // A layer works in place, unless the layer before needs its output for backward.
  const inPlace = layers.map((layer, i) => layer.inPlace && !(i > 0 && layers[i - 1].keepsOutput));
  const saved = layers.map(({ saves }, i) => (saves ? widths[i + Number(saves === 'outputs')] : 0));
  const scratch = padded(Math.max(0, ...layers.map((layer) => layer.scratch)));
  // The input has no gradient. But if the first layer works in place, the gradient of its output needs an array.
  const activations = layers.map((_, i) => widths[i + 1] * (Number(!inPlace[i]) + Number(!inPlace[i] || i === 0)));
  return {
    widths,
    inPlace,
    saved,
    scratch,
    learnt: sum(Object.values(parameters).map((tensor) => padded((storageOf(tensor)?.own ?? tensor.data).length))),
    /** Values of a row. A loss has two for each output, enough for any: another must not need a new plan while one trains. */
    row: inputs + sum(activations) + sum(saved) + 2 * outputs,
    /** Values of a region beside its rows; each array may have padding. */
    fixed: scratch + padded(STATISTICS_WORDS) + 4 * (3 * layers.length + 2),
  };
}

type Sizes = ReturnType<typeof sizesOf>;

/** Optimizers of more slots compute in a plan of their own memory: of those in nn, that is rmsprop with momentum and centered. */
const SLOTS = 2;

/** How many values a region for rows has. */
const regionOf = ({ fixed, row }: Sizes, rows: number) => fixed + rows * row;
/** How many rows a region has memory for. */
const rowsOf = ({ fixed, row }: Sizes, values: number) => Math.floor((values - fixed) / row);

/**
 * How many rows a model of its own memory plans: 128, fewer if that is more than 64 MiB, but at least one; more if they fit into
 * 2 MiB. Forward passes take more rows in turn, and training steps compute in a plan of their own memory.
 */
const ownRows = ({ row }: Sizes) =>
  Math.max(1, Math.floor((1 << 19) / row), Math.min(128, Math.floor((1 << 24) / row)));

/** A model's block, and where the regions of its plans are. */
export interface Planned {
  block: Float32Array;
  ws: Workspace;
  region: () => Workspace;
  rows: number;
}

/**
 * An arena is memory for many small models: blocks one after the other, and a region. To make a memory with the modules on it takes
 * 0.8 ms, and a process has 12,000 at most. A block is never used again: whoever has an array of it may read it for ever. When
 * no array and no model of an arena is left, it is freed, unless it is the latest, which the next small model uses.
 */
let arena: (Omit<Planned, 'block' | 'rows'> & { left: number }) | undefined;
/** Values of an arena's region and of its blocks, and the most of a block. */
const REGION = 1 << 19;
const BLOCKS = 1 << 17;
const MOST = 1 << 14;

const SMALLER = 'pass a smaller batchSize, or narrower layers';

/** A workspace with the module of networks on it: an engine that does not instantiate it now says so before a model is made. */
function networkMemory(where: string, bytes: number): Workspace {
  const ws = newWorkspace(where, bytes, 0, SMALLER);
  bind(ws, 'linearForward');
  return ws;
}

/** Memory for a model. One with layers of others has its own: their passes may call another model, which must not use the region. */
export function planMemory(where: string, network: Network): Planned {
  const sizes = sizesOf(network);
  const length = (2 + SLOTS) * sizes.learnt;
  let rows = rowsOf(sizes, REGION);
  if (length > MOST || rows < 128 || !network.layers.every(hasSpec)) {
    rows = ownRows(sizes);
    const region = 4 * regionOf(sizes, rows);
    const ws = networkMemory(where, region + 4 * length);
    return { block: ws.float32(length), ws, region: reserved(ws, region), rows };
  }
  if (arena === undefined || arena.left < length) {
    const ws = networkMemory(where, 4 * (REGION + BLOCKS));
    arena = { ws, region: reserved(ws, 4 * REGION), left: BLOCKS };
  }
  arena.left -= length;
  return { ...arena, block: arena.ws.float32(length), rows };
}

/** The indices of the padding behind tensors that are one after the other. */
const paddingOf = (tensors: Iterable<PlannedTensor>): number[] =>
  [...tensors].flatMap(({ from, values: { length } }) =>
    Array.from({ length: padded(length) - length }, (_, i) => from + length + i),
  );

/** The arrays of all tensors of a model. */
function plannedTensors(network: Network, parameters: Float32Array, gradients: Float32Array) {
  let from = 0;
  return new Map(
    Object.values(network.parameters).map((tensor): [Tensor, PlannedTensor] => {
      const storage = storageOf(tensor)!;
      const to = from + storage.own.length;
      const planned = { storage, from, values: parameters.subarray(from, to), gradient: gradients.subarray(from, to) };
      from = padded(to);
      return [tensor, planned];
    }),
  );
}

/** The passes of all layers, each bound to its arrays: the layers' outputs and their gradients are allocated here. */
function bindLayers(
  { layers }: Network,
  { widths, inPlace, saved }: Sizes,
  ws: Workspace,
  batchSize: number,
  input: Float32Array,
  tensors: Plan['tensors'],
  shared: Pick<LayerMemory, 'kernel' | 'setCallback' | 'scratch'>,
) {
  let x = input;
  let dx: Float32Array | null = null;
  const operations: Plan['operations'] = [];
  const passes = layers.map((layer, i) => {
    const y = inPlace[i] ? x : ws.float32(batchSize * widths[i + 1]);
    const dy = inPlace[i] && dx ? dx : ws.float32(batchSize * widths[i + 1]);
    const gradients: LayerMemory['gradients'] = Object.fromEntries(
      Object.entries(layer.parameters).map(([name, tensor]) => [name, tensors.get(tensor)!.gradient]),
    );
    const bound = layer.bind({
      ...shared,
      x,
      y,
      dx,
      dy,
      inputs: widths[i],
      outputs: widths[i + 1],
      gradients,
      saved: ws.float32(batchSize * saved[i]),
    });
    requirePasses('nn.sequential', `layers[${i}]`, bound);
    for (const operation of bound.operations ?? [{ kind: layer.kind, y, dy, ...bound }])
      operations.push({ ...operation, layer: i, gradients: operation.kind === layer.kind ? gradients : {} });
    x = y;
    dx = dy;
    return bound;
  });
  return { passes, operations, outputs: x, outputGradient: dx ?? input };
}

/** A plan on the memory that was planned for a model. */
export function planInModel(network: Network, { block, ws, region, rows }: Planned): Plan {
  const sizes = sizesOf(network);
  const [parameters, gradients, ...state] = Array.from({ length: 2 + SLOTS }, (_, i) =>
    block.subarray(i * sizes.learnt, (i + 1) * sizes.learnt),
  );
  return planOn(network, sizes, ws, region(), rows, { threads: 0 }, parameters, gradients, state);
}

/** A plan on memory of its own, apart from the model's. */
export function planApart(
  where: string,
  network: Network,
  batchSize: number,
  slots: number,
  sharing: Sharing = { threads: 0 },
): Plan {
  const { threads, joined } = sharing;
  const sizes = sizesOf(network);
  const { learnt, scratch } = sizes;
  // Each thread has a scratch of its own.
  const values = (2 + slots) * learnt + regionOf(sizes, batchSize) + threads * scratch + BARRIER;
  const ws = joined
    ? joinWorkspace(joined.memory, threads, joined.index)
    : newWorkspace(where, 4 * values, threads, SMALLER);
  // Every thread that joins makes these arrays in the same order, so that they are the same memory.
  const [parameters, gradients, ...state] = Array.from({ length: 2 + slots }, () => ws.float32(learnt));
  return planOn(network, sizes, ws, ws, batchSize, sharing, parameters, gradients, state);
}

function planOn(
  network: Network,
  sizes: Sizes,
  ws: Workspace,
  region: Workspace,
  batchSize: number,
  { threads, joined }: Sharing,
  parameters: Float32Array,
  gradients: Float32Array,
  state: Float32Array[],
): Plan {
  const kernel = (name: Kernel, ...arrays: (Values | null)[]): KernelFunction => bind(ws, name, ...arrays);
  const tensors = plannedTensors(network, parameters, gradients);
  const x = region.float32(batchSize * network.inputs);
  const scratches = Array.from({ length: Math.max(1, threads) }, () => region.float32(sizes.scratch));
  const scratch = scratches[joined?.index ?? 0];
  const shared = { kernel, setCallback: (name: Kernel) => setCallback(ws, name), scratch };
  // While layers are bound, and in a thread for as long as it trains, the tensors' data are the plan's arrays.
  for (const { storage, values } of tensors.values()) storage.used = values;
  try {
    return {
      batchSize,
      slots: state.length,
      ws,
      threads,
      kernel,
      parameters,
      gradients,
      state,
      tensors,
      x,
      ...bindLayers(network, sizes, region, batchSize, x, tensors, shared),
      padding: paddingOf(tensors.values()),
      barrier: region.uint32(threads > 0 ? BARRIER : 0),
      lossMemory: region.float32(2 * batchSize * network.outputs),
      counts: region.uint32(STATISTICS_WORDS),
    };
  } finally {
    if (!joined) for (const { storage } of tensors.values()) storage.used = undefined;
  }
}
