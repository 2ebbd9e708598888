// What the counter-based generators, Philox and Threefry, have in common: a value is a function of the key and its
// place. Each draw begins at a fresh block of four words, so that draws share no bits, and any part of a draw can be
// made without the rest.

import { allocate } from '../check.js';
import { draw } from '../wasm/kernels.js';
import { type RandomKernel, randomModule } from '../wasm/module.js';
import { type Part, type Source, shuffled } from './distributions.js';

export const WORD = 2 ** 32;
export const low32 = (x: bigint) => Number(x & 0xffffffffn);
export const high32 = (x: bigint) => Number((x >> 32n) & 0xffffffffn);

/** A binary32 and its bits; made at each call, these were 240 of its 250 ns. */
const float = /* @__PURE__ */ new Float32Array(1);
const bits = /* @__PURE__ */ new Int32Array(float.buffer);

/** The nearest binary32 on the given side of x that is not beyond it (0), or strictly before it (1). */
export function neighbour(x: number, side: -1 | 1, strict: boolean): number {
  float[0] = x;
  const beyond = side > 0 ? float[0] >= x : float[0] <= x;
  if (beyond && !(strict && float[0] === x)) return float[0];
  if (float[0] === 0) bits[0] = side > 0 ? 1 : 0x80000001 | 0;
  else bits[0] += float[0] > 0 === side > 0 ? 1 : -1;
  return float[0];
}

/** Bits and permutations from a kernel and the four words that key it, from a block on. */
export function counted(
  where: string,
  kernel: RandomKernel,
  key: readonly number[],
  block: number,
): Pick<Source, 'bits' | 'permutation' | 'order' | 'move'> & {
  /** The state in which a part of the next draw begins, until the draw after; the source moves on by the whole draw. */
  take(part: Part): Uint32Array;
  /** The block of the next draw. */
  at(): number;
} {
  const state = Uint32Array.of(...key, 0, 0, 0);
  const take = ({ from, of }: Part): Uint32Array => {
    const at = block + Math.floor(from / 4);
    const next = block + Math.ceil(of / 4);
    if (next > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(`${where}: the stream has no more than 2^55 values; go on with a fork`);
    }
    block = next;
    state[4] = at % WORD;
    state[5] = Math.floor(at / WORD);
    state[6] = from % 4;
    return state;
  };
  const words = (out: Uint32Array, part: Part) => draw(randomModule, kernel, take(part), out);
  const permutation = (n: number) => {
    // 53 bits a step: the bias is below n / 2^53.
    const drawn = allocate(`${where}.permutation`, 2 * Math.max(0, n - 1), Uint32Array);
    words(drawn, { from: 0, of: drawn.length });
    return shuffled(n, (i) => Math.floor((drawn[2 * i] * 2 ** 21 + (drawn[2 * i + 1] >>> 11)) * 2 ** -53 * (n - i)));
  };
  const move = (state: Record<string, unknown>) => {
    block = state.block as number;
  };
  return { take, at: () => block, bits: words, permutation, order: permutation, move };
}
