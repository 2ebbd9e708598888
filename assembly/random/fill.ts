// fill: values of a distribution from the bits of a counter-based generator. Value i of a draw depends on block i / 4 and on the
// distribution's parameters alone, so that a slice of a draw can be computed by itself.
//
// A distribution is a class without fields that replaces sixteen words by sixteen values, in place. Words are written to the
// output, a tile of the level-1 cache at a time, and replaced there. One loop for both needs more registers than there are
// and was slower (normal: 317 against 380 M/s).

import { BLOCKS, scratch } from '../scratch';
import { BLOCK, philox, SKIP } from './philox';
import { threefry } from './threefry';

/** A counter-based generator, Philox or Threefry: its words are a function of their block. */
export interface Counter {
  words(state: usize, block: u64, out: usize, n: usize): void;
}
export class Philox implements Counter {
  @inline words(state: usize, block: u64, out: usize, n: usize): void {
    philox(state, block, out, n);
  }
}
export class Threefry implements Counter {
  @inline words(state: usize, block: u64, out: usize, n: usize): void {
    threefry(state, block, out, n);
  }
}

export interface Distribution {
  /** Replaces sixteen words at p by sixteen values. */
  sixteen(p: usize): void;
}

/** A distribution whose value i depends on word i alone. */
export interface ByWord {
  /** Four values from four words. */
  four(bits: v128): v128;
}

/** The distribution of a ByWord. Loads first and stores last: the four are interleaved (truncated normals: 333 against 234 M/s). */
export class Each<L extends ByWord> implements Distribution {
  @inline sixteen(p: usize): void {
    const byWord = changetype<L>(0);
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    const b2 = v128.load(p, 32);
    const b3 = v128.load(p, 48);
    const y0 = byWord.four(b0);
    const y1 = byWord.four(b1);
    const y2 = byWord.four(b2);
    const y3 = byWord.four(b3);
    v128.store(p, y0);
    v128.store(p, y1, 16);
    v128.store(p, y2, 32);
    v128.store(p, y3, 48);
  }
}

/** Values in a tile of 4 KiB. */
const TILE: usize = 1024;

/** Writes the next n values and advances the state by n. */
export function fill<C extends Counter, D extends Distribution>(state: usize, out: usize, n: usize): void {
  const counter = changetype<C>(0);
  const d = changetype<D>(0);
  let block = load<u64>(state, BLOCK);
  let skip = <usize>load<u32>(state, SKIP);
  store<u64>(state, block + ((skip + n) >> 2), BLOCK);
  store<u32>(state, <u32>((skip + n) & 3), SKIP);
  while (n != 0) {
    // Whole blocks are computed in the output. The first and the last values of a draw are computed in scratch and copied.
    const whole = skip == 0 && n >= 32;
    const words = whole ? min(n & ~31, TILE) : 32;
    const at = whole ? out : scratch + BLOCKS;
    counter.words(state, block, at, words);
    for (let p = at, end = at + (words << 2); p < end; p += 64) d.sixteen(p);
    const count = whole ? words : min(n, 32 - skip);
    if (!whole) memory.copy(out, scratch + BLOCKS + (skip << 2), count << 2);
    block += (skip + count) >> 2;
    skip = 0;
    out += count << 2;
    n -= count;
  }
}
