// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011): the
// bits of a stream are a keyed permutation of a counter, so that any part of it can be made alone.
//
// State, seven words: key (low, high), stream (low, high), block (low, high), and which word of the block is
// the next. A block is the counter (block low, block high, stream low, stream high); its four words are
// values 4 block ... 4 block + 3.

import { lane } from './lane';

/** The two multipliers. */
const MULTIPLIER: usize = memory.data<u32>([0xd2511f53, 0xcd9e8d57]);

/** What the key grows by each round. */
const WEYL_LOW: u32 = 0x9e3779b9;
const WEYL_HIGH: u32 = 0xbb67ae85;

/** Where the state has its block and the place in it. */
export const BLOCK: usize = 16;
export const SKIP: usize = 24;

/** The ten round keys, two words each. */
const KEYS: usize = memory.data(80, 16);

/** n words, a multiple of 16, from a block on. Four blocks a turn; the low and high halves of four 32 x 32 products are gathered by one shuffle each. */
export function philox(state: usize, block: u64, out: usize, n: usize): void {
  let low = load<u32>(state);
  let high = load<u32>(state, 4);
  for (let r: usize = 0; r < 80; r += 8) {
    store<u32>(KEYS + r, low);
    store<u32>(KEYS + r, high, 4);
    low += WEYL_LOW;
    high += WEYL_HIGH;
  }
  const m0 = lane.at(MULTIPLIER, 0);
  const m1 = lane.at(MULTIPLIER, 1);
  const stream0 = lane.at(state, 2);
  const stream1 = lane.at(state, 3);
  let counter0 = i64x2.add(i64x2.splat(block), i64x2(0, 1));
  let counter1 = i64x2.add(i64x2.splat(block), i64x2(2, 3));
  for (const end = out + (n << 2); out < end; out += 64) {
    let c0 = v128.shuffle<u32>(counter0, counter1, 0, 2, 4, 6);
    let c1 = v128.shuffle<u32>(counter0, counter1, 1, 3, 5, 7);
    let c2 = stream0;
    let c3 = stream1;
    for (let r: usize = 0; r < 80; r += 8) {
      const p0 = i64x2.extmul_low_i32x4_u(c0, m0);
      const q0 = i64x2.extmul_high_i32x4_u(c0, m0);
      const p1 = i64x2.extmul_low_i32x4_u(c2, m1);
      const q1 = i64x2.extmul_high_i32x4_u(c2, m1);
      c0 = v128.xor(v128.xor(v128.shuffle<u32>(p1, q1, 1, 3, 5, 7), c1), v128.load32_splat(KEYS + r));
      c1 = v128.shuffle<u32>(p1, q1, 0, 2, 4, 6);
      c2 = v128.xor(v128.xor(v128.shuffle<u32>(p0, q0, 1, 3, 5, 7), c3), v128.load32_splat(KEYS + r, 4));
      c3 = v128.shuffle<u32>(p0, q0, 0, 2, 4, 6);
    }
    // From one word of four blocks a vector to one block a vector.
    const a = v128.shuffle<u32>(c0, c1, 0, 4, 1, 5);
    const b = v128.shuffle<u32>(c2, c3, 0, 4, 1, 5);
    const c = v128.shuffle<u32>(c0, c1, 2, 6, 3, 7);
    const d = v128.shuffle<u32>(c2, c3, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<u64>(a, b, 0, 2));
    v128.store(out, v128.shuffle<u64>(a, b, 1, 3), 16);
    v128.store(out, v128.shuffle<u64>(c, d, 0, 2), 32);
    v128.store(out, v128.shuffle<u64>(c, d, 1, 3), 48);
    counter0 = i64x2.add(counter0, i64x2.splat(4));
    counter1 = i64x2.add(counter1, i64x2.splat(4));
  }
}
