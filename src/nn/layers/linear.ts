// The linear layer: y = f(x W' + b).

import { type Named, named } from '../../activation/table.js';
import { flag, options, whole } from '../../check.js';
import { init } from '../../init/index.js';
import { type Generator, sourceFrom } from '../../random/generator.js';
import type { Seed } from '../../random/source.js';

import { type Tensor, tensor } from '../../tensor.js';
import { scalar } from '../../wasm/kernels.js';
import { nnModule } from '../../wasm/module.js';
import { type Layer, specified } from '../layer.js';

/** As it is now, whatever becomes of what was given. */
const copied = (f: Named | undefined) => (Array.isArray(f) ? [f[0], { ...f[1] }] : f);

/** Rows of a tile of the product. */
const ROWS = 4;

export interface Linear<B extends boolean = boolean> extends Layer {
  /** [outputs, inputs] */
  readonly weight: Tensor;
  /** [outputs], or null with bias: false */
  readonly bias: B extends true ? Tensor : B extends false ? null : Tensor | null;
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
  given?: { rng?: Generator; seed?: Seed; bias?: B; activation?: Named },
): Linear<B> {
  const where = 'nn.linear';
  whole(where, 'inputs', inputs, { least: 1 });
  whole(where, 'outputs', outputs, { least: 1 });
  const o = options(where, given, ['rng', 'seed', 'bias', 'activation']);
  const f = o.activation === undefined ? undefined : named(where, o.activation);
  sourceFrom(where, o);
  const weight = tensor([outputs, inputs]);
  const bias = (flag(where, 'bias', o.bias ?? true) ? tensor([outputs]) : null) as Tensor | null;
  init.torchLinear(weight, { rng: o.rng, seed: o.seed, bias: bias ?? false });
  const fromInput = f?.row.keeps === 'x';
  return specified<Linear<B>>(
    ['linear', inputs, outputs, { seed: 0, bias: bias !== null, activation: copied(o.activation) }],
    {
      kind: 'linear',
      inputs,
      outputs,
      weight,
      bias: bias as Linear<B>['bias'],
      parameters: bias ? { weight, bias } : { weight },
      inPlace: false,
      keepsOutput: f?.row.keeps === 'y',
      scratch: scalar(nnModule, 'linearScratch') / 4,
      kept: fromInput ? 'outputs' : undefined,
      bind({ kernel, setCallback, x, y, dx, dy, gradients, scratch, kept }) {
        const z = fromInput ? kept : y;
        const [a, b] = f?.numbers ?? [0, 0];
        const product = (out: Float32Array | null) =>
          kernel('linearForward', x, weight.data, bias?.data ?? null, z, out, scratch);
        const [plain, forward] = [product(null), product(f ? y : null)];
        const slope = f && kernel(`${f.name}Backward`, fromInput ? z : y, dy, dy);
        const activate = f && kernel(`${f.name}Forward`, z, y);
        const byInput = dx && kernel('linearBackwardInput', dy, weight.data, dx, scratch);
        const byWeight = kernel('linearBackwardWeight', x, dy, gradients.weight, scratch);
        const byBias = bias && kernel('linearBackwardBias', dy, gradients.bias);
        const descend = (rows: number) => {
          byWeight(rows, inputs, outputs, outputs);
          byBias?.(rows, outputs);
          byInput?.(rows, inputs, outputs);
        };
        return {
          forward(rows) {
            if (f) setCallback(`${f.name}Forward`);
            forward(rows, inputs, outputs, a, b);
          },
          preactivation(rows) {
            plain(rows, inputs, outputs, a, b);
            return z;
          },
          backward(rows) {
            slope?.(rows * outputs, a, b);
            descend(rows);
          },
          parted: {
            forward(rows, share) {
              const [from, to] = share.part(rows, ROWS);
              if (f) setCallback(`${f.name}Forward`);
              const [b0, made] = [bias?.data ?? null, f ? y.subarray(from * outputs) : null];
              const arrays = [x.subarray(from * inputs), weight.data, b0, z.subarray(from * outputs), made, scratch];
              kernel('linearForward', ...arrays)(to - from, inputs, outputs, a, b);
            },
            backward(rows, share) {
              const [from, to] = share.part(rows, ROWS);
              const g = dy.subarray(from * outputs);
              const before = (fromInput ? z : y).subarray(from * outputs);
              if (f) kernel(`${f.name}Backward`, before, g, g)((to - from) * outputs, a, b);
              const by = dx?.subarray(from * inputs);
              if (by) kernel('linearBackwardInput', g, weight.data, by, scratch)(to - from, inputs, outputs);
              // The sum over rows has one order: what is parted are the rows of W. They need all of dy.
              share.wait();
              const [first, last] = share.part(outputs, ROWS);
              const own = gradients.weight.subarray(first * inputs);
              kernel('linearBackwardWeight', x, dy.subarray(first), own, scratch)(rows, inputs, last - first, outputs);
              if (share.first) byBias?.(rows, outputs);
            },
          },
          parts: f && [
            {
              ...{ kind: 'linear', y: z, dy, backward: descend },
              forward: (rows) => void plain(rows, inputs, outputs, a, b),
            },
            {
              ...{ kind: f.name, y, dy, slope: { name: f.name, kept: fromInput ? z : y, numbers: [a, b] } },
              forward: (rows) => void activate!(rows * outputs, a, b),
              backward: (rows) => void slope!(rows * outputs, a, b),
            },
          ],
        };
      },
    },
  );
}
