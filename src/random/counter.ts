// What the counter-based generators, Philox and Threefry, have in common: a value is a function of the key and its index.
// Each draw begins at a fresh block of four words, so that draws share no bits, and any slice of a draw can be made without
// the rest.

import { COUNTER_BLOCK, COUNTER_SKIP, COUNTER_WORDS } from '../wasm/generated/constants.js';
import { draw } from '../wasm/kernels.js';
import { type RandomKernel, randomModule } from '../wasm/module.js';
import { type Drawing, distributionOf, type Law } from './distributions.js';
import { shuffled } from './shuffle.js';
import { type Slice, type Source, WORD } from './source.js';

/** A source of a counter that stands at a block, keyed by four words; without what only one of the two has. */
export function counterSource(
  generator: 'philox' | 'threefry',
  bitsKernel: RandomKernel,
  key: readonly number[],
  block: number,
): Pick<Source, 'fill' | 'bits' | 'permutation' | 'order' | 'setState'> & {
  /** The block of the next draw. */
  block(): number;
  /** Leaves out a draw of n values, and returns the block at which it would have begun. */
  skip(n: number): number;
} {
  const where = `random.${generator}`;
  const state = new Uint32Array(COUNTER_WORDS);
  state.set(key);
  /** The source advances by a draw of n values. Returns the block at which the draw begins. */
  const skip = (n: number): number => {
    const start = block;
    const next = block + Math.ceil(n / 4);
    if (next > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(`${where}: the stream has no more than 2^55 values; go on with a fork`);
    }
    block = next;
    return start;
  };
  /** The state, until it is next asked for, from value `from` on of a draw that begins at a block. */
  const stateAt = (start: number, from: number): Uint32Array => {
    const at = start + Math.floor(from / 4);
    state[COUNTER_BLOCK] = at % WORD;
    state[COUNTER_BLOCK + 1] = Math.floor(at / WORD);
    state[COUNTER_SKIP] = from % 4;
    return state;
  };
  const take = ({ from, of }: Slice): Uint32Array => stateAt(skip(of), from);
  const shuffle = (method: string) => (n: number) =>
    shuffled(`${where}.${method}`, n, {
      each: 2,
      draw(count) {
        const start = skip(count);
        return (out, from) => draw(randomModule, bitsKernel, stateAt(start, from), out);
      },
      // 53 bits a step: the bias is below n / 2^53. The largest, 1 - 2^-53, times `left` rounds to less than `left`.
      pick: (words, at, left) => Math.floor((words[at] * 2 ** 21 + (words[at + 1] >>> 11)) * 2 ** -53 * left),
    });
  return {
    bits: (out, slice) => draw(randomModule, bitsKernel, take(slice), out),
    permutation: shuffle('permutation'),
    order: shuffle('order'),
    fill(law: Law, out: Float32Array, slice: Slice) {
      const drawing: Drawing = law.distribution === 'constant' ? law.value : distributionOf(law)![generator](law);
      const now = take(slice);
      if (typeof drawing === 'number') out.fill(drawing);
      else draw(randomModule, drawing[0], now, out, drawing[1]);
    },
    block: () => block,
    skip,
    setState(other) {
      block = other.block as number;
    },
  };
}
