// From the bits of a counter to values. Value i of a draw is a function of block i / 4 alone (and of the draw's
// parameters), so that any slice of a draw can be made by itself.
//
// A distribution is a class without fields that turns sixteen words in place into sixteen values. The bits are
// made into the output itself, a tile of the level-1 cache at a time, and turned there: making bits and
// values in one loop needs more registers than there are, and was slower (normal: 317 against 380 M/s).

import { BLOCKS, scratch } from '../scratch';
import { BLOCK, philox, SKIP } from './philox';
import { threefry } from './threefry';

/** Philox or Threefry: words as a function of their block. */
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
  /** Sixteen words at p become sixteen values. */
  sixteen(p: usize): void;
}

/** A value a word. */
export interface Law {
  four(bits: v128): v128;
}

/** Loads first and stores last, so that the four are made side by side (cut normals: 234 against 333 M/s). */
export class Each<L extends Law> implements Distribution {
  @inline sixteen(p: usize): void {
    const law = changetype<L>(0);
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    const b2 = v128.load(p, 32);
    const b3 = v128.load(p, 48);
    const y0 = law.four(b0);
    const y1 = law.four(b1);
    const y2 = law.four(b2);
    const y3 = law.four(b3);
    v128.store(p, y0);
    v128.store(p, y1, 16);
    v128.store(p, y2, 32);
    v128.store(p, y3, 48);
  }
}

/** Values a tile: 4 KiB. */
const TILE: usize = 1024;

/** The next n values; the state then stands behind them. */
export function fill<C extends Counter, D extends Distribution>(state: usize, out: usize, n: usize): void {
  const counter = changetype<C>(0);
  const d = changetype<D>(0);
  let block = load<u64>(state, BLOCK);
  let skip = <usize>load<u32>(state, SKIP);
  store<u64>(state, block + ((skip + n) >> 2), BLOCK);
  store<u32>(state, <u32>((skip + n) & 3), SKIP);
  while (n != 0) {
    // Whole blocks are made in the output itself; the first and the last values of a draw in scratch.
    const whole = skip == 0 && n >= 32;
    const made = whole ? min(n & ~31, TILE) : 32;
    const at = whole ? out : scratch + BLOCKS;
    counter.words(state, block, at, made);
    for (let p = at, end = at + (made << 2); p < end; p += 64) d.sixteen(p);
    const count = whole ? made : min(n, 32 - skip);
    if (!whole) memory.copy(out, scratch + BLOCKS + (skip << 2), count << 2);
    block += (skip + count) >> 2;
    skip = 0;
    out += count << 2;
    n -= count;
  }
}
