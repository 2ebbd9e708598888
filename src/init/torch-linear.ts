// The initial values of PyTorch's layers.

import { torchGains } from '../activation/torch-gain.js';
import { apart, options, sameLength, what } from '../check.js';
import { representable } from '../random/distributions.js';
import { fillDraw, sourceFrom } from '../random/generator.js';
import { isTensor, type Tensor } from '../tensor.js';
import { type Common, fanOptions, fans, target } from './fan.js';
import { symmetric, uniform } from './laws.js';

export type LinearOptions = Pick<Common, 'rng' | 'seed' | 'layout' | 'fanIn' | 'fanOut'>;

/**
 * The initial weight and bias of PyTorch's nn.Linear and nn.Conv2d, drawn in this order. The bias has one value for each output.
 * Both are U(-1 / sqrt(fanIn), 1 / sqrt(fanIn)), whose variance, 1 / (3 fanIn), is a third of LeCun's. If the weight is a
 * tensor, the bias has to be a tensor too, or false: then none is drawn.
 */
export function torchLinear(
  first: readonly number[],
  given?: LinearOptions,
): { weight: Float32Array; bias: Float32Array };
export function torchLinear(
  first: readonly number[],
  given: LinearOptions & { bias: false },
): { weight: Float32Array; bias: null };
export function torchLinear<B extends Tensor | false>(
  first: Tensor,
  given: LinearOptions & { bias: B },
): { weight: Tensor; bias: B };
export function torchLinear(first: readonly number[] | Tensor, given?: LinearOptions & { bias?: Tensor | boolean }) {
  const where = 'init.torchLinear';
  const o = options(where, given, ['rng', 'seed', 'layout', 'fanIn', 'fanOut', 'bias']);
  const { shape, size, tensor } = target(where, first, {});
  if (shape.length < 2) throw new RangeError(`${where}: shape [${shape}] has no outputs; pass at least two axes`);
  const outputs = fanOptions(where, o).layout === 'oi' ? shape[0] : shape[shape.length - 1];
  const biasTarget = o.bias ?? tensor === undefined;
  if (typeof biasTarget !== 'boolean') {
    if (!isTensor(where, biasTarget))
      throw new TypeError(`${where}: bias is ${what(biasTarget)}; pass a tensor of [${outputs}], or false`);
    sameLength(where, 'bias', biasTarget.data.length, 'the outputs', outputs);
    if (tensor) apart(where, 'bias', biasTarget.data, 'the weight', tensor.data);
  }
  if (tensor !== undefined && (biasTarget === true || o.bias === undefined)) {
    throw new TypeError(
      `${where}: bias is ${what(o.bias)}; the weight is a tensor: pass one of [${outputs}] for the bias too, or false`,
    );
  }
  const source = sourceFrom(where, o);
  // sqrt(3) * (gain / sqrt(fanIn)) with the gain of leaky ReLU for slope sqrt(5), in PyTorch's order, to equal it to the bit.
  const { fanIn } = fans(where, shape, o, size === 0);
  const law = representable(where, uniform(torchGains.leakyRelu(Math.sqrt(5)) / Math.sqrt(fanIn)));
  const weight = fillDraw(where, source, law, size, { out: tensor?.data });
  if (biasTarget === false) return { weight: tensor ?? weight, bias: null };
  const biasTensor = biasTarget === true ? undefined : biasTarget;
  const bias = fillDraw(where, source, symmetric(size === 0 ? 0 : 1 / Math.sqrt(fanIn)), outputs, {
    out: biasTensor?.data,
  });
  return { weight: tensor ?? weight, bias: biasTensor ?? bias };
}
