// The linear layer: y = x W' + b.

import { flag, options, whole } from './argument.js';
import { init } from './init.js';
import type { Layer } from './layer.js';
import { type Generator, generatorOf, type Seed } from './random.js';
import { type Tensor, tensor } from './tensor.js';
import { scalar } from './wasm.js';

export interface Linear extends Layer {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
}

/**
 * y = x W' + b with W of [outputs, inputs] and b of [outputs]. Both start as PyTorch's nn.Linear does
 * (init.torchLinear); fill layer.weight with another initialiser to change that. bias: false leaves b out.
 */
export function linear(
  inputs: number,
  outputs: number,
  given?: { rng?: Generator; seed?: Seed; bias?: boolean },
): Linear {
  const where = 'nn.linear';
  whole(where, 'inputs', inputs, { least: 1 });
  whole(where, 'outputs', outputs, { least: 1 });
  const o = options(where, given, ['rng', 'seed', 'bias']);
  generatorOf(where, o);
  const weight = tensor([outputs, inputs]);
  const bias = flag(where, 'bias', o.bias ?? true) ? tensor([outputs]) : null;
  init.torchLinear(weight, { rng: o.rng, seed: o.seed, bias: bias ?? false });
  return {
    kind: 'linear',
    inputs,
    outputs,
    weight,
    bias,
    parameters: bias ? { weight, bias } : { weight },
    inPlace: false,
    keepsOutput: false,
    scratch: scalar('linearScratch') / 4,
    bind({ kernel, x, y, dx, dy, gradients, scratch }) {
      const forward = kernel('linearForward', x, weight.data, bias?.data ?? null, y, scratch);
      const byInput = dx && kernel('linearBackwardInput', dy, weight.data, dx, scratch);
      const byWeight = kernel('linearBackwardWeight', x, dy, gradients.weight, scratch);
      const byBias = bias && kernel('linearBackwardBias', dy, gradients.bias);
      return {
        forward: (rows) => void forward(rows, inputs, outputs),
        backward(rows) {
          byWeight(rows, inputs, outputs);
          byBias?.(rows, outputs);
          byInput?.(rows, inputs, outputs);
        },
      };
    },
  };
}
