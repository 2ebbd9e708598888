// Sources of the counter-based generators, Philox and Threefry: a value is a function of the key and of its index. Each draw
// begins at a new block of four words, so that draws share no bits, and a slice of a draw can be computed by itself.

import { allocate } from '../check.js';
import { COUNTER_BLOCK, COUNTER_SKIP, COUNTER_WORDS } from '../wasm/generated/constants.js';
import { draw } from '../wasm/kernels.js';
import { type RandomKernel, randomModule } from '../wasm/module.js';
import { type Drawing, distributionOf, type Law } from './distributions.js';
import { shuffled } from './shuffle.js';
import { type Slice, type Source, WORD } from './source.js';

/** A source with a key of four words whose next draw begins at a block: the members that both generators have. */
export function counterSource(
  generator: 'philox' | 'threefry',
  bitsKernel: RandomKernel,
  key: readonly number[],
  block: number,
): Pick<Source, 'fill' | 'bits' | 'permutation' | 'order' | 'setState'> & {
  /** The block of the next draw. */
  block(): number;
  /** Skips a draw of n values. */
  skip(n: number): void;
} {
  const where = `random.${generator}`;
  const state = new Uint32Array(COUNTER_WORDS);
  state.set(key);
  /** The kernel's state at a slice of the next draw, valid until the draw after. The source advances by the whole draw. */
  const advance = ({ from, of }: Slice): Uint32Array => {
    const at = block + Math.floor(from / 4);
    const next = block + Math.ceil(of / 4);
    if (next > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(`${where}: the stream has no more than 2^55 values; go on with a fork`);
    }
    block = next;
    state[COUNTER_BLOCK] = at % WORD;
    state[COUNTER_BLOCK + 1] = Math.floor(at / WORD);
    state[COUNTER_SKIP] = from % 4;
    return state;
  };
  const bits = (out: Uint32Array, slice: Slice) => draw(randomModule, bitsKernel, advance(slice), out);
  const permutation = (n: number) => {
    // 53 random bits a step: the bias is below n / 2^53.
    const words = allocate(`${where}.permutation`, 2 * Math.max(0, n - 1), Uint32Array);
    bits(words, { from: 0, of: words.length });
    return shuffled(n, (i) => Math.floor((words[2 * i] * 2 ** 21 + (words[2 * i + 1] >>> 11)) * 2 ** -53 * (n - i)));
  };
  return {
    bits,
    permutation,
    order: permutation,
    fill(law: Law, out: Float32Array, slice: Slice) {
      const drawing: Drawing = law.distribution === 'constant' ? law.value : distributionOf(law)![generator](law);
      const start = advance(slice);
      if (typeof drawing === 'number') out.fill(drawing);
      else draw(randomModule, drawing[0], start, out, drawing[1]);
    },
    block: () => block,
    skip: (n) => void advance({ from: 0, of: n }),
    setState(saved) {
      block = saved.block as number;
    },
  };
}
