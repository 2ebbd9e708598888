// The memory plan of a model: one workspace with all arrays that a training step uses. It is made before the first step, so that
// a step allocates no arrays.

import type { Tensor } from '../tensor.js';
import { HISTOGRAM_BINS, STATISTICS_SUMS } from '../wasm/generated/constants.js';
import {
  bind,
  joinWorkspace,
  type Kernel,
  type KernelFunction,
  setCallback,
  sharedWorkspace,
  type Values,
  type Workspace,
  workspace,
} from '../wasm/memory.js';
import { type Layer, type LayerMemory, type Operation, type Passes, requirePasses } from './layer.js';

/** The part of a model that a plan depends on: layers, parameters by name, and how many values a row of inputs and of outputs has. */
export interface Network {
  readonly layers: readonly Layer[];
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: Readonly<Record<string, Tensor>>;
}

/** Threads that share the plan's memory. With `joined`, it is memory that another thread made. */
export interface Sharing {
  threads: number;
  joined?: { memory: WebAssembly.Memory; index: number };
}

export interface Plan {
  batchSize: number;
  /** Arrays of optimizer state, each as long as the parameters. */
  slots: number;
  ws: Workspace;
  /** How many threads share the workspace; 0 if it is not shared. */
  threads: number;
  /** Words by which threads wait for each other (see threads/barrier.ts). */
  barrier: Uint32Array;
  kernel: LayerMemory['kernel'];
  /**
   * All parameters one after the other, each padded to vectors. Their gradients and the optimizer's state have the same layout.
   * An optimizer steps over the padding too, and its values are arbitrary: no result may depend on them.
   */
  parameters: Float32Array;
  gradients: Float32Array;
  state: Float32Array[];
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
const STATISTICS_WORDS = 2 * STATISTICS_SUMS + HISTOGRAM_BINS;

/** Words for the barrier of at most 64 threads. */
const BARRIER = 76;

/** A length padded to whole vectors of four. */
export const padded = (n: number) => Math.ceil(n / 4) * 4;
const sum = (lengths: readonly number[]) => lengths.reduce((total, n) => total + n, 0);

/** How many values the arrays of a plan have. */
function sizesOf({ layers, inputs, outputs, parameters }: Network, batchSize: number) {
  const widths = [inputs];
  for (const layer of layers) widths.push(layer.outputs ?? widths[widths.length - 1]);
  // A layer works in place, unless the layer before needs its output for backward.
  const inPlace = layers.map((layer, i) => layer.inPlace && !(i > 0 && layers[i - 1].keepsOutput));
  const saved = layers.map(({ saves }, i) => (saves ? padded(batchSize * widths[i + Number(saves === 'outputs')]) : 0));
  return {
    widths,
    inPlace,
    saved,
    learnt: sum(Object.values(parameters).map(({ data }) => padded(data.length))),
    // The input, the outputs, and as much for gradients. (The input has none; but if the first layer works in place, the
    // gradient of its output has the input's size.)
    activations:
      2 *
      (padded(batchSize * widths[0]) + sum(layers.map((_, i) => (inPlace[i] ? 0 : padded(batchSize * widths[i + 1]))))),
    scratch: Math.max(0, ...layers.map((layer) => layer.scratch)),
    // Enough for any loss: another loss must not need a new plan while the model is trained.
    loss: 2 * batchSize * outputs,
  };
}

type Sizes = ReturnType<typeof sizesOf>;

function workspaceFor(sizes: Sizes, slots: number, { threads, joined }: Sharing): Workspace {
  if (joined) return joinWorkspace(joined.memory, threads, joined.index);
  const { learnt, activations, saved, loss, scratch } = sizes;
  // Each thread has a scratch of its own.
  const scratches = padded(scratch) * Math.max(1, threads);
  const values =
    (2 + slots) * learnt + activations + sum(saved) + padded(loss) + scratches + padded(STATISTICS_WORDS) + BARRIER;
  return threads > 0 ? sharedWorkspace('workspace', 4 * values, threads) : workspace({ bytes: 4 * values });
}

/** The indices of the padding behind tensors that are one after the other. */
const paddingOf = (tensors: readonly Tensor[], parameters: Float32Array): number[] =>
  tensors.flatMap(({ data }) => {
    const end = (data.byteOffset - parameters.byteOffset) / 4 + data.length;
    return Array.from({ length: padded(data.length) - data.length }, (_, i) => end + i);
  });

/** Moves tensors into `parameters`; returns the array for each tensor's gradient. */
function moveTensors(tensors: Tensor[], parameters: Float32Array, gradients: Float32Array, copy: boolean) {
  const gradientOf = new Map<Tensor, Float32Array>();
  let at = 0;
  for (const tensor of tensors) {
    const { length } = tensor.data;
    const slice = parameters.subarray(at, at + length);
    if (copy) slice.set(tensor.data);
    (tensor as { data: Float32Array }).data = slice;
    gradientOf.set(tensor, gradients.subarray(at, at + length));
    at += padded(length);
  }
  return gradientOf;
}

/** The passes of all layers, each bound to its arrays: the layers' outputs and their gradients are allocated here. */
function bindLayers(
  { layers }: Network,
  { widths, inPlace, saved }: Sizes,
  ws: Workspace,
  batchSize: number,
  input: Float32Array,
  gradientOf: ReadonlyMap<Tensor, Float32Array>,
  shared: Pick<LayerMemory, 'kernel' | 'setCallback' | 'scratch'>,
) {
  let x = input;
  let dx: Float32Array | null = null;
  const operations: Plan['operations'] = [];
  const passes = layers.map((layer, i) => {
    const y = inPlace[i] ? x : ws.float32(batchSize * widths[i + 1]);
    const dy = inPlace[i] && dx ? dx : ws.float32(batchSize * widths[i + 1]);
    const gradients: LayerMemory['gradients'] = Object.fromEntries(
      Object.entries(layer.parameters).map(([name, tensor]) => [name, gradientOf.get(tensor)!]),
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
      saved: ws.float32(saved[i]),
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

/** A new plan for a network and a batch size, with the parameters moved into its workspace. */
export function makePlan(network: Network, batchSize: number, slots: number, sharing: Sharing = { threads: 0 }): Plan {
  const { threads, joined } = sharing;
  const sizes = sizesOf(network, batchSize);
  const { learnt } = sizes;
  const ws = workspaceFor(sizes, slots, sharing);
  const kernel = (name: Kernel, ...arrays: (Values | null)[]): KernelFunction => bind(ws, name, ...arrays);
  // Every thread that joins makes these arrays in the same order, so that they are the same memory.
  const parameters = ws.float32(learnt);
  const gradients = ws.float32(learnt);
  const state = Array.from({ length: slots }, () => ws.float32(learnt));
  const gradientOf = moveTensors(Object.values(network.parameters), parameters, gradients, joined === undefined);
  const x = ws.float32(batchSize * network.inputs);
  const scratches = Array.from({ length: Math.max(1, threads) }, () => ws.float32(sizes.scratch));
  const scratch = scratches[joined?.index ?? 0];
  const shared = { kernel, setCallback: (name: Kernel) => setCallback(ws, name), scratch };
  return {
    batchSize,
    slots,
    ws,
    threads,
    kernel,
    parameters,
    gradients,
    state,
    x,
    ...bindLayers(network, sizes, ws, batchSize, x, gradientOf, shared),
    padding: paddingOf(Object.values(network.parameters), parameters),
    barrier: ws.uint32(BARRIER),
    lossMemory: ws.float32(sizes.loss),
    counts: ws.uint32(STATISTICS_WORDS),
  };
}
