// What PyTorch's layers start from.

import { torchGains } from '../activation/torch-gain.js';
import { apart, type Floats, options, sameLength, what } from '../check.js';
import { representable } from '../random/distributions.js';
import { fillDraw, sourceFrom } from '../random/generator.js';
import { isTensor, type Tensor } from '../tensor.js';
import { type Common, fans, outputsOf, reading, readings, target } from './fan.js';
import { symmetric, uniform } from './laws.js';

export type LinearOptions = Pick<Common, 'rng' | 'seed' | (typeof readings)[number]>;

/**
 * What PyTorch's nn.Linear and nn.Conv2d start from, in its order: weight, then bias (a value for each
 * output), both U(-1 / sqrt(fanIn), 1 / sqrt(fanIn)). The variance is 1 / (3 fanIn): a third of LeCun's,
 * which it is often said to be. A weight that is a tensor wants a tensor as bias; bias: false draws none. With transposed
 * the bias has a value for each output of the transposed convolution, and fanIn is its own; PyTorch's nn.ConvTranspose2d
 * takes the product of all axes but the first for it, which `fanIn` can say.
 */
export function torchLinear(
  first: readonly number[],
  given?: LinearOptions & { bias?: true | undefined },
): { weight: Floats; bias: Floats };
export function torchLinear(
  first: readonly number[],
  given: LinearOptions & { bias: false },
): { weight: Floats; bias: null };
export function torchLinear<B extends Tensor | false>(
  first: Tensor,
  given: LinearOptions & { bias: B },
): { weight: Tensor; bias: B };
export function torchLinear(
  first: readonly number[] | Tensor,
  given?: LinearOptions & { bias?: Tensor | boolean | undefined },
) {
  const where = 'init.torchLinear';
  const o = options(where, given, ['rng', 'seed', ...readings, 'bias']);
  const { shape, size, tensor } = target(where, first, {});
  if (shape.length < 2) throw new RangeError(`${where}: shape [${shape}] has no outputs; pass at least two axes`);
  const outputs = outputsOf(shape, reading(where, shape, o));
  const biased = o.bias ?? tensor === undefined;
  if (typeof biased !== 'boolean') {
    if (!isTensor(where, biased))
      throw new TypeError(`${where}: bias is ${what(biased)}; pass a tensor of [${outputs}], or false`);
    sameLength(where, 'bias', biased.data.length, 'the outputs', outputs);
    if (tensor) apart(where, 'bias', biased.data, 'the weight', tensor.data);
  }
  if (tensor !== undefined && (biased === true || o.bias === undefined)) {
    throw new TypeError(
      `${where}: bias is ${what(o.bias)}; the weight is a tensor: pass one of [${outputs}] for the bias too, or false`,
    );
  }
  const source = sourceFrom(where, o);
  // sqrt(3) * (gain / sqrt(fanIn)) with the gain of leaky ReLU's slope sqrt(5): as PyTorch computes it, to the bit.
  const { fanIn } = fans(where, shape, o, size === 0);
  const law = representable(where, uniform(torchGains.leakyRelu(Math.sqrt(5)) / Math.sqrt(fanIn)));
  const weight = fillDraw(where, source, law, size, { out: tensor?.data });
  if (biased === false) return { weight: tensor ?? weight, bias: null };
  const own = biased === true ? undefined : biased;
  const bias = fillDraw(where, source, symmetric(size === 0 ? 0 : 1 / Math.sqrt(fanIn)), outputs, { out: own?.data });
  return { weight: tensor ?? weight, bias: own ?? bias };
}
