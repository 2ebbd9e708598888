// The memory plan of a model: one workspace that holds everything a training step touches. It is made before the first step,
// so that a step allocates no memory for values: it runs kernels over arrays that exist.

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
import type { Layer, LayerMemory, Operation, Passes } from './layer.js';

/** What is planned for: layers, the parameters by name, and how many values go in and come out a row. */
export interface Network {
  readonly layers: readonly Layer[];
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: Readonly<Record<string, Tensor>>;
}

/** Whether the plan's memory is shared by threads; with `joined` it is memory that another thread made. */
export interface Sharing {
  threads: number;
  joined?: { memory: WebAssembly.Memory; index: number };
}

export interface Plan {
  batchSize: number;
  /** Arrays of optimizer state, each as long as the parameters. */
  slots: number;
  ws: Workspace;
  /** How many threads share the workspace; 0: it is this thread's own. */
  threads: number;
  /** Words by which threads wait for each other (see threads/barrier.ts). */
  barrier: Uint32Array;
  kernel: LayerMemory['kernel'];
  /**
   * All parameters side by side, each padded to vectors; their gradients and the optimizer's state likewise. An optimizer
   * steps over the padding too, and what is there belongs to nobody: no result may depend on it.
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
  /** The passes' operations one by one, for a probe, and the memory in which it counts. */
  operations: (Operation & { layer: number; train?: Passes['train']; gradients: LayerMemory['gradients'] })[];
  counts: Uint32Array;
  /** For a loss: two values an output. */
  lossMemory: Float32Array;
}

/** Words that the statistics kernel writes: sums in binary64, and the counts of a histogram's bins. */
const STATISTICS_WORDS = 2 * STATISTICS_SUMS + HISTOGRAM_BINS;

/** Words for the barrier of at most 64 threads. */
const BARRIER = 76;

/** A length padded to whole vectors of four. */
export const padded = (n: number) => Math.ceil(n / 4) * 4;
const sum = (lengths: readonly number[]) => lengths.reduce((total, n) => total + n, 0);

/** How many values each array of a plan has. */
function sizesOf({ layers, inputs, outputs, parameters }: Network, batchSize: number) {
  const widths = [inputs];
  for (const layer of layers) widths.push(layer.outputs ?? widths[widths.length - 1]);
  // A layer works in place, but not over an output that the layer before needs again.
  const inPlace = layers.map((layer, i) => layer.inPlace && !(i > 0 && layers[i - 1].keepsOutput));
  const saved = layers.map(({ saves }, i) => (saves ? padded(batchSize * widths[i + Number(saves === 'outputs')]) : 0));
  return {
    ...{ widths, inPlace, saved },
    learnt: sum(Object.values(parameters).map(({ data }) => padded(data.length))),
    // Outputs and the gradients by them; where the first layer works in place, the gradient by the input.
    activations:
      2 *
      (padded(batchSize * widths[0]) + sum(layers.map((_, i) => (inPlace[i] ? 0 : padded(batchSize * widths[i + 1]))))),
    scratch: Math.max(0, ...layers.map((layer) => layer.scratch)),
    // Enough for whichever loss: one that came later must not move a model that is being trained.
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

/** The indices of the padding behind tensors that lie side by side. */
const paddingOf = (tensors: readonly Tensor[], parameters: Float32Array): number[] =>
  tensors.flatMap(({ data }) => {
    const end = (data.byteOffset - parameters.byteOffset) / 4 + data.length;
    return Array.from({ length: padded(data.length) - data.length }, (_, i) => end + i);
  });

/** Moves the tensors into `parameters`; the gradient of each. */
function moveIn(tensors: Tensor[], parameters: Float32Array, gradients: Float32Array, copy: boolean) {
  const gradientOf = new Map<Tensor, Float32Array>();
  let at = 0;
  for (const tensor of tensors) {
    const { length } = tensor.data;
    const inside = parameters.subarray(at, at + length);
    if (copy) inside.set(tensor.data);
    (tensor as { data: Float32Array }).data = inside;
    gradientOf.set(tensor, gradients.subarray(at, at + length));
    at += padded(length);
  }
  return gradientOf;
}

/** A new workspace for a network and a batch size, with the parameters moved into it. */
export function makePlan(network: Network, batchSize: number, slots: number, sharing: Sharing = { threads: 0 }): Plan {
  const { layers } = network;
  const { threads, joined } = sharing;
  const sizes = sizesOf(network, batchSize);
  const { widths, inPlace, saved, learnt } = sizes;
  const ws = workspaceFor(sizes, slots, sharing);
  const kernel = (name: Kernel, ...arrays: (Values | null)[]): KernelFunction => bind(ws, name, ...arrays);
  // The order of these arrays is the same in every thread that joins.
  const parameters = ws.float32(learnt);
  const gradients = ws.float32(learnt);
  const state = Array.from({ length: slots }, () => ws.float32(learnt));
  const gradientOf = moveIn(Object.values(network.parameters), parameters, gradients, joined === undefined);
  const first = ws.float32(batchSize * widths[0]);
  const scratches = Array.from({ length: Math.max(1, threads) }, () => ws.float32(sizes.scratch));
  const scratch = scratches[joined?.index ?? 0];

  let x = first;
  let dx: Float32Array | null = null;
  const operations: Plan['operations'] = [];
  const passes = layers.map((layer, i) => {
    const y = inPlace[i] ? x : ws.float32(batchSize * widths[i + 1]);
    const dy = inPlace[i] && dx ? dx : ws.float32(batchSize * widths[i + 1]);
    const byParameters: LayerMemory['gradients'] = Object.fromEntries(
      Object.entries(layer.parameters).map(([name, tensor]) => [name, gradientOf.get(tensor)!]),
    );
    const bound = layer.bind({
      ...{ kernel, x, y, dx, dy, scratch, inputs: widths[i], outputs: widths[i + 1], gradients: byParameters },
      setCallback: (name) => setCallback(ws, name),
      saved: ws.float32(saved[i]),
    });
    for (const operation of bound.operations ?? [{ kind: layer.kind, y, dy, ...bound }])
      operations.push({ ...operation, layer: i, gradients: operation.kind === layer.kind ? byParameters : {} });
    x = y;
    dx = dy;
    return bound;
  });
  return {
    ...{ batchSize, slots, ws, threads, kernel, parameters, gradients, state, passes, operations },
    padding: paddingOf(Object.values(network.parameters), parameters),
    barrier: ws.uint32(BARRIER),
    x: first,
    lossMemory: ws.float32(sizes.loss),
    counts: ws.uint32(STATISTICS_WORDS),
    outputs: x,
    outputGradient: dx ?? first,
  };
}
