// Dropout (Srivastava et al. 2014): each value is left out with probability p, and those that stay are divided by
// 1 - p. Its backward is the same function of the gradient with the same mask, which a seed makes again.

import { type Floats, float32, number, options, output, type Unchecked } from '../check.js';
import type { Law } from '../random/distributions.js';
import type { Generator } from '../random/generator.js';
import { bitsOfSeed, high32, low32, notBoth, type Seed, sourceOf, WORD } from '../random/source.js';
import { apply, draw } from '../wasm/kernels.js';
import { activationModule } from '../wasm/module.js';

/** What is left out, and where the mask comes from. */
export interface Dropout {
  /** The share left out, from 0 to 1; 0.5 by default. */
  p?: number | undefined;
  rng?: Generator | undefined;
  seed?: Seed | undefined;
}

export const shareOf = (where: string, p: unknown) => number(where, 'p', p ?? 0.5, { least: 0, most: 1 });
export const keepLaw = (p: number): Law => ({ distribution: 'bernoulli', p: 1 - p });
/** What stays is divided by its share; of p = 1 nothing does. */
export const keptScale = (p: number) => 1 / (1 - p);

/** A mask of 1 where a value stays. By a seed it is drawn by this module's own Philox: the same bits as random.philox(seed). */
function drawMask(where: string, o: Unchecked<Dropout>, p: number, mask: Float32Array): void {
  if (o.rng !== undefined) sourceOf(where, o.rng).fill(keepLaw(p), mask, { from: 0, of: mask.length });
  else {
    const key = bitsOfSeed(where, o.seed);
    const threshold = Math.round((1 - p) * WORD);
    if (threshold === WORD) mask.fill(1);
    else draw(activationModule, 'dropoutMask', Uint32Array.of(low32(key), high32(key), 0, 0), mask, [threshold]);
  }
}

function masked(
  where: string,
  name: 'x' | 'dy',
  x: Float32Array,
  o: Unchecked<Dropout & { out?: Float32Array | undefined }>,
) {
  const p = shareOf(where, o.p);
  notBoth(where, o);
  const out = output(where, o.out, name, x);
  // The mask is made where the result goes: no memory beside it, and in a workspace no copy.
  const mask = out.byteOffset === x.byteOffset && out.buffer === x.buffer ? new Float32Array(x.length) : out;
  drawMask(where, o, p, mask);
  apply(activationModule, 'dropout', x.length, [mask, x, out], [keptScale(p)]);
  return out;
}

export const dropout = {
  /** x with a share p of its values 0, in a new array or in out, which may be x. NaN stays NaN. */
  forward(x: Float32Array, given?: Dropout & { out?: Float32Array | undefined }): Floats {
    const where = 'activation.dropout.forward';
    return masked(where, 'x', float32(where, 'x', x), options(where, given, ['p', 'rng', 'seed', 'out']));
  },
  /**
   * The gradient by x, with forward's p and seed. (With rng: a generator in the state that forward's had before; the same
   * one has moved on and makes another mask.)
   */
  backward(given: Dropout & { dy: Float32Array; out?: Float32Array | undefined }): Floats {
    const where = 'activation.dropout.backward';
    const o = options(where, given, ['p', 'rng', 'seed', 'dy', 'out']);
    if (o.seed === undefined && o.rng === undefined)
      throw new TypeError(`${where}: neither seed nor rng; pass forward's seed, which makes the same mask`);
    return masked(where, 'dy', float32(where, 'dy', o.dy), o);
  },
};
