// Dropout (Srivastava et al. 2014): each value becomes 0 with probability p, and the others are divided by 1 - p. Backward is
// the same function of the gradient, with the same mask, which is drawn again from the seed.

import { type Floats, float32, number, options, output, type Unchecked } from '../check.js';
import type { Law } from '../random/distributions.js';
import type { Generator } from '../random/generator.js';
import { bitsOfSeed, high32, low32, notBoth, type Seed, sourceOf, WORD } from '../random/source.js';
import { apply, draw } from '../wasm/kernels.js';
import { activationModule } from '../wasm/module.js';

/** Options of dropout: the probability, and the generator or seed of the mask. */
export interface Dropout {
  /** The probability that a value becomes 0, from 0 to 1; 0.5 by default. */
  p?: number | undefined;
  rng?: Generator | undefined;
  seed?: Seed | undefined;
}

/** The probability p, checked, 0.5 by default. */
export const probabilityOf = (where: string, p: unknown) => number(where, 'p', p ?? 0.5, { least: 0, most: 1 });
/** The law of the mask: 1 with probability 1 - p, else 0. */
export const maskLaw = (p: number): Law => ({ distribution: 'bernoulli', p: 1 - p });
/** The factor of the values that do not become 0. For p = 1 there are none. */
export const scaleOf = (p: number) => 1 / (1 - p);

/** Draws the mask: 1 where a value is retained. From a seed, the activation module's Philox draws it, as random.philox(seed). */
function drawMask(where: string, o: Unchecked<Dropout>, p: number, mask: Float32Array): void {
  if (o.rng !== undefined) sourceOf(where, o.rng).fill(maskLaw(p), mask, { from: 0, of: mask.length });
  else {
    const key = bitsOfSeed(where, o.seed);
    const threshold = Math.round((1 - p) * WORD);
    if (threshold === WORD) mask.fill(1);
    else draw(activationModule, 'dropoutMask', Uint32Array.of(low32(key), high32(key), 0, 0), mask, [threshold]);
  }
}

/** Forward, or backward of the gradient: x times a mask and 1 / (1 - p). */
function applyMask(
  where: string,
  name: 'x' | 'dy',
  x: Float32Array,
  o: Unchecked<Dropout & { out?: Float32Array | undefined }>,
) {
  const p = probabilityOf(where, o.p);
  notBoth(where, o);
  const out = output(where, o.out, name, x);
  // The mask is drawn into the result's array, unless that is the input's: no other memory, and no copy in a workspace.
  const mask = out.byteOffset === x.byteOffset && out.buffer === x.buffer ? new Float32Array(x.length) : out;
  drawMask(where, o, p, mask);
  apply(activationModule, 'dropout', x.length, [mask, x, out], [scaleOf(p)]);
  return out;
}

export const dropout = {
  /** x times a random mask and 1 / (1 - p), in a new array or in out, which may be x. NaN stays NaN. */
  forward(x: Float32Array, given?: Dropout & { out?: Float32Array | undefined }): Floats {
    const where = 'activation.dropout.forward';
    return applyMask(where, 'x', float32(where, 'x', x), options(where, given, ['p', 'rng', 'seed', 'out']));
  },
  /**
   * The gradient with respect to x, with forward's p and seed. (With rng: a generator in the state that forward's had before it. Forward's own
   * has advanced, and draws another mask.)
   */
  backward(given: Dropout & { dy: Float32Array; out?: Float32Array | undefined }): Floats {
    const where = 'activation.dropout.backward';
    const o = options(where, given, ['p', 'rng', 'seed', 'dy', 'out']);
    if (o.seed === undefined && o.rng === undefined)
      throw new TypeError(`${where}: neither seed nor rng; pass forward's seed, which makes the same mask`);
    return applyMask(where, 'dy', float32(where, 'dy', o.dy), o);
  },
};
