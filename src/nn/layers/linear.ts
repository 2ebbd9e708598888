// The linear layer: y = f(x W' + b).

import { type Named, named } from '../../activation/table.js';
import { flag, options, whole } from '../../check.js';
import { init } from '../../init/index.js';
import { type Generator, sourceFrom } from '../../random/generator.js';
import type { Seed } from '../../random/source.js';

import { type Tensor, tensor } from '../../tensor.js';
import { TILE_ROWS } from '../../wasm/generated/constants.js';
import { scalar } from '../../wasm/kernels.js';
import { nnModule } from '../../wasm/module.js';
import { type Layer, type LayerMemory, type Operation, type Passes, specified, type ThreadContext } from '../layer.js';

export interface Linear<B extends boolean = boolean> extends Layer {
  /** [outputs, inputs] */
  readonly weight: Tensor;
  /** [outputs], or null with bias: false */
  readonly bias: B extends true ? Tensor : B extends false ? null : Tensor | null;
}

/** An activation as it is now, whatever its options become. */
const copied = (f: unknown) => (Array.isArray(f) ? [f[0], { ...f[1] }] : f);

/** What the passes are made of: the layer's tensors, its activation, and the memory that a model planned for it. */
interface Bound extends LayerMemory {
  weight: Tensor;
  bias: Tensor | null;
  f: ReturnType<typeof named> | undefined;
  /** The product x W' + b, before f. f's backward reads it, or y, which then is the same array. */
  z: Float32Array;
}

const numbersOf = ({ f }: Bound) => f?.numbers ?? ([0, 0] as const);

/** x W' + b into z, and where there is an activation f of it into `out`. */
const product = ({ kernel, x, weight, bias, z, scratch }: Bound, out: Float32Array | null) =>
  kernel('linearForward', x, weight.data, bias?.data ?? null, z, out, scratch);

/** The gradients by the weight, the bias and the input, from dy by z. */
function gradientsOf({ kernel, x, dx, dy, weight, bias, gradients, scratch, inputs, outputs }: Bound) {
  const byInput = dx && kernel('linearBackwardInput', dy, weight.data, dx, scratch);
  const byWeight = kernel('linearBackwardWeight', x, dy, gradients.weight, scratch);
  const byBias = bias && kernel('linearBackwardBias', dy, gradients.bias);
  return (rows: number) => {
    byWeight(rows, inputs, outputs, outputs);
    byBias?.(rows, outputs);
    byInput?.(rows, inputs, outputs);
  };
}

/** The passes of several threads: each has rows of the batch, and for the gradient by the weight rows of that. */
function split(bound: Bound): Passes['split'] {
  const { kernel, setCallback, f, x, y, z, dx, dy, weight, bias, gradients, scratch, inputs, outputs } = bound;
  const byBias = bias && kernel('linearBackwardBias', dy, gradients.bias);
  const [a, b] = numbersOf(bound);
  return {
    forward(rows: number, thread: ThreadContext) {
      const [from, to] = thread.range(rows, TILE_ROWS);
      if (f) setCallback(`${f.name}Forward`);
      const [own, out] = [x.subarray(from * inputs), f ? y.subarray(from * outputs) : null];
      product({ ...bound, x: own, z: z.subarray(from * outputs) }, out)(to - from, inputs, outputs, a, b);
    },
    backward(rows: number, thread: ThreadContext) {
      const [from, to] = thread.range(rows, TILE_ROWS);
      const g = dy.subarray(from * outputs);
      if (f) kernel(`${f.name}Backward`, z.subarray(from * outputs), g, g)((to - from) * outputs, a, b);
      const by = dx?.subarray(from * inputs);
      if (by) kernel('linearBackwardInput', g, weight.data, by, scratch)(to - from, inputs, outputs);
      // The sum over rows has one order: what is split are the rows of W. They need all of dy.
      thread.wait();
      const [first, last] = thread.range(outputs, TILE_ROWS);
      const own = gradients.weight.subarray(first * inputs);
      kernel('linearBackwardWeight', x, dy.subarray(first), own, scratch)(rows, inputs, last - first, outputs);
      if (thread.first) byBias?.(rows, outputs);
    },
  };
}

/** The passes over a batch. With an activation they are two operations, which a probe looks at one by one. */
function passes(bound: Bound): Passes {
  const { kernel, setCallback, f, y, z, dy, inputs, outputs } = bound;
  const [a, b] = numbersOf(bound);
  const plain = product(bound, null);
  const backward = gradientsOf(bound);
  const own = {
    split: split(bound),
    preactivation(rows: number) {
      plain(rows, inputs, outputs, a, b);
      return z;
    },
  };
  if (!f) return { ...own, forward: (rows) => void plain(rows, inputs, outputs, a, b), backward };
  const fused = product(bound, y);
  const activate = kernel(`${f.name}Forward`, z, y);
  const slope = kernel(`${f.name}Backward`, z, dy, dy);
  const operations: Operation[] = [
    { kind: 'linear', y: z, dy, forward: (rows) => void plain(rows, inputs, outputs, a, b), backward },
    {
      ...{ kind: f.name, y, dy, activation: { name: f.name, saved: z, numbers: [a, b] } },
      forward: (rows) => void activate(rows * outputs, a, b),
      backward: (rows) => void slope(rows * outputs, a, b),
    },
  ];
  return {
    ...own,
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
 * y = f(x W' + b) with W of [outputs, inputs] and b of [outputs]. Both start as PyTorch's nn.Linear does
 * (init.torchLinear); fill layer.weight with another initialiser to change that. bias: false leaves b out.
 * activation is f, 'relu' or ['leakyRelu', { slope: 0.2 }]: applied block by block in the product itself, it gives the
 * bits of nn.activation behind the layer.
 */
export function linear<B extends boolean = true>(
  inputs: number,
  outputs: number,
  passed?: {
    rng?: Generator | undefined;
    seed?: Seed | undefined;
    bias?: B | undefined;
    activation?: Named | undefined;
  },
): Linear<B> {
  const where = 'nn.linear';
  whole(where, 'inputs', inputs, { least: 1 });
  whole(where, 'outputs', outputs, { least: 1 });
  const o = options(where, passed, ['rng', 'seed', 'bias', 'activation']);
  const f = o.activation === undefined ? undefined : named(where, o.activation);
  const drawn = o as { rng?: Generator | undefined; seed?: Seed | undefined };
  sourceFrom(where, drawn);
  const weight = tensor([outputs, inputs]);
  const bias: Tensor | null = flag(where, 'bias', o.bias ?? true) ? tensor([outputs]) : null;
  init.torchLinear(weight, { rng: drawn.rng, seed: drawn.seed, bias: bias ?? false });
  const keepsInput = f?.row.keeps === 'x';
  const spec = ['linear', inputs, outputs, { seed: 0, bias: bias !== null, activation: copied(o.activation) }] as const;
  return specified<Linear<B>>(spec, {
    kind: 'linear',
    inputs,
    outputs,
    weight,
    bias: bias as Linear<B>['bias'],
    parameters: bias ? { weight, bias } : { weight },
    inPlace: false,
    keepsOutput: f?.row.keeps === 'y',
    scratch: scalar(nnModule, 'linearScratch') / 4,
    saves: keepsInput ? 'outputs' : undefined,
    bind: (memory) => passes({ ...memory, weight, bias, f, z: keepsInput ? memory.saved : memory.y }),
  });
}
