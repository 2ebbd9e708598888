// The linear layer: y = f(x W' + b).

import { activationOf, type Named } from '../../activation/table.js';
import { flag, options, whole } from '../../check.js';
import { torchLinear } from '../../init/torch-linear.js';
import { type Generator, sourceFrom } from '../../random/generator.js';
import type { Seed } from '../../random/source.js';
import { type Tensor, tensor } from '../../tensor.js';
import { TILE_ROWS } from '../../wasm/generated/constants.js';
import { scalar } from '../../wasm/kernels.js';
import { nnModule } from '../../wasm/module.js';
import { type Layer, type LayerMemory, type Operation, type Passes, type ThreadContext, withSpec } from '../layer.js';

export interface Linear<B extends boolean = boolean> extends Layer {
  /** [outputs, inputs] */
  readonly weight: Tensor;
  readonly parameters: B extends true
    ? { readonly weight: Tensor; readonly bias: Tensor }
    : B extends false
      ? { readonly weight: Tensor }
      : Readonly<Record<string, Tensor>>;
  /** [outputs], or null with bias: false */
  readonly bias: B extends true ? Tensor : B extends false ? null : Tensor | null;
}

/** A copy of an activation's name and parameters, so that later changes have no effect. */
const copyOf = (f: unknown) => (Array.isArray(f) ? [f[0], { ...f[1] }] : f);

/** The layer's parameters, its activation, and the memory that a model planned for it. */
interface Bound extends LayerMemory {
  weight: Float32Array;
  bias: Float32Array | null;
  f: ReturnType<typeof activationOf> | undefined;
  /** The output before f, x W' + b. If f's backward needs y instead, z is the same array as y. */
  z: Float32Array;
}

const numbersOf = ({ f }: Bound) => f?.numbers ?? ([0, 0] as const);

/** The kernel that writes x W' + b to z and, unless `out` is null, f(z) to `out`. */
const product = ({ kernel, x, weight, bias, z, scratch }: Bound, out: Float32Array | null) =>
  kernel('linearForward', x, weight, bias, z, out, scratch);

/** A function that writes the gradients with respect to weight, bias and input, from dy, that with respect to z. */
function gradientsOf({ kernel, x, dx, dy, weight, bias, gradients, scratch, inputs, outputs }: Bound) {
  const byInput = dx && kernel('linearBackwardInput', dy, weight, dx, scratch);
  const byWeight = kernel('linearBackwardWeight', x, dy, gradients.weight, scratch);
  const byBias = bias && kernel('linearBackwardBias', dy, gradients.bias);
  return (rows: number) => {
    byWeight(rows, inputs, outputs, outputs);
    byBias?.(rows, outputs);
    byInput?.(rows, inputs, outputs);
  };
}

/** The passes of several threads. Each has a range of the batch's rows and, for the weight's gradient, of W's rows. */
function split(bound: Bound): Passes['split'] {
  const { kernel, setCallback, f, x, y, z, dx, dy, weight, bias, gradients, scratch, inputs, outputs } = bound;
  const [a, b] = numbersOf(bound);
  return {
    forward(rows: number, thread: ThreadContext) {
      const [from, to] = thread.range(rows, TILE_ROWS);
      if (f) setCallback(`${f.name}Forward`);
      const out = f ? y.subarray(from * outputs) : null;
      product({ ...bound, x: x.subarray(from * inputs), z: z.subarray(from * outputs) }, out)(
        to - from,
        inputs,
        outputs,
        a,
        b,
      );
    },
    backward(rows: number, thread: ThreadContext) {
      const [from, to] = thread.range(rows, TILE_ROWS);
      const g = dy.subarray(from * outputs);
      if (f) kernel(`${f.name}Backward`, z.subarray(from * outputs), g, g)((to - from) * outputs, a, b);
      const dxRows = dx?.subarray(from * inputs);
      if (dxRows) kernel('linearBackwardInput', g, weight, dxRows, scratch)(to - from, inputs, outputs);
      // Sums over rows have one order, so that the bits are those of one thread: W's rows are split. They need all of dy.
      thread.wait();
      const [first, last] = thread.range(outputs, TILE_ROWS);
      const gradientRows = gradients.weight.subarray(first * inputs);
      kernel('linearBackwardWeight', x, dy.subarray(first), gradientRows, scratch)(rows, inputs, last - first, outputs);
      if (thread.first && bias) kernel('linearBackwardBias', dy, gradients.bias)(rows, outputs);
    },
  };
}

/** The passes over a batch. With an activation they are two operations for a probe. */
function passes(bound: Bound): Passes {
  const { kernel, setCallback, f, y, z, dy, inputs, outputs } = bound;
  const [a, b] = numbersOf(bound);
  const plain = product(bound, null);
  // Bound when it is first called: of thousands of models, many only run forward.
  let gradients: ReturnType<typeof gradientsOf> | undefined;
  const backward = (rows: number) => (gradients ??= gradientsOf(bound))(rows);
  const common = {
    split: split(bound),
    preactivation(rows: number) {
      plain(rows, inputs, outputs, a, b);
      return z;
    },
  };
  if (!f) return { ...common, forward: (rows) => void plain(rows, inputs, outputs, a, b), backward };
  const fused = product(bound, y);
  const activate = kernel(`${f.name}Forward`, z, y);
  const slope = kernel(`${f.name}Backward`, z, dy, dy);
  const operations: Operation[] = [
    { kind: 'linear', y: z, dy, forward: (rows) => void plain(rows, inputs, outputs, a, b), backward },
    {
      kind: f.name,
      y,
      dy,
      activation: { name: f.name, saved: z, numbers: [a, b] },
      forward: (rows) => void activate(rows * outputs, a, b),
      backward: (rows) => void slope(rows * outputs, a, b),
    },
  ];
  return {
    ...common,
    operations,
    forward(rows) {
      setCallback(`${f.name}Forward`);
      fused(rows, inputs, outputs, a, b);
    },
    backward(rows) {
      slope(rows * outputs, a, b);
      backward(rows);
    },
  };
}

/**
 * y = f(x W' + b) with W of [outputs, inputs] and b of [outputs]. Both have the initial values of PyTorch's nn.Linear
 * (init.torchLinear); fill layer.weight with another initialiser to change them. With bias: false there is no b. activation
 * is f, such as 'relu' or ['leakyRelu', { slope: 0.2 }]. It is applied to each block of the product while that is in the
 * cache, and gives the same bits as an nn.activation after the layer.
 */
export function linear<B extends boolean = true>(
  inputs: number,
  outputs: number,
  given?: {
    rng?: Generator | undefined;
    seed?: Seed | undefined;
    bias?: B | undefined;
    activation?: Named | undefined;
  },
): Linear<B> {
  const where = 'nn.linear';
  whole(where, 'inputs', inputs, { least: 1 });
  whole(where, 'outputs', outputs, { least: 1 });
  const o = options(where, given, ['rng', 'seed', 'bias', 'activation']);
  const f = o.activation === undefined ? undefined : activationOf(where, o.activation);
  const { rng, seed } = o as { rng?: Generator | undefined; seed?: Seed | undefined };
  sourceFrom(where, { rng, seed });
  const weight = tensor([outputs, inputs]);
  const bias: Tensor | null = flag(where, 'bias', o.bias ?? true) ? tensor([outputs]) : null;
  torchLinear(weight, { rng, seed, bias: bias ?? false });
  const keepsInput = f?.row.keeps === 'x';
  const spec = ['linear', inputs, outputs, { seed: 0, bias: bias !== null, activation: copyOf(o.activation) }] as const;
  return withSpec<Linear<B>>(spec, {
    kind: 'linear',
    inputs,
    outputs,
    weight,
    bias: bias as Linear<B>['bias'],
    parameters: (bias ? { weight, bias } : { weight }) as Linear<B>['parameters'],
    inPlace: false,
    keepsOutput: f?.row.keeps === 'y',
    scratch: scalar(nnModule, 'linearScratch') / 4,
    saves: keepsInput ? 'outputs' : undefined,
    bind: (memory) =>
      passes({
        ...memory,
        weight: weight.data,
        bias: bias?.data ?? null,
        f,
        z: keepsInput ? memory.saved : memory.y,
      }),
  });
}
