// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011): a keyed permutation of a
// counter, so that any words of a stream can be computed by themselves.
//
// State, seven words: key (low, high), stream (low, high), block (low, high), and which word of the block comes next. The
// counter of a block is (block low, block high, stream low, stream high); its four words are words 4 block to 4 block + 3 of
// the stream.

import { F32x4 } from '../f32';
import { KEYS, scratch } from '../scratch';

/** The two multipliers. */
const MULTIPLIER: usize = memory.data<u32>([0xd2511f53, 0xcd9e8d57]);

/** What is added to the key after each round. */
const WEYL_LOW: u32 = 0x9e3779b9;
const WEYL_HIGH: u32 = 0xbb67ae85;

/** The words of a state (Philox's or Threefry's), and which of them have the block and the next word of it. */
export const COUNTER_WORDS: usize = 7;
export const COUNTER_BLOCK: usize = 4;
export const COUNTER_SKIP: usize = 6;
/** The same in bytes. */
export const BLOCK: usize = COUNTER_BLOCK << 2;
export const SKIP: usize = COUNTER_SKIP << 2;

abstract class words {
  /** The high halves of four products. */
  @inline static high(a: v128, b: v128): v128 {
    return v128.shuffle<u32>(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), 1, 3, 5, 7);
  }

  /** Stores four blocks. w0 has their first words, w1 their second words, and so on. */
  @inline static store(out: usize, w0: v128, w1: v128, w2: v128, w3: v128): void {
    const a = v128.shuffle<u32>(w0, w1, 0, 4, 1, 5);
    const b = v128.shuffle<u32>(w2, w3, 0, 4, 1, 5);
    const c = v128.shuffle<u32>(w0, w1, 2, 6, 3, 7);
    const d = v128.shuffle<u32>(w2, w3, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<u64>(a, b, 0, 2));
    v128.store(out, v128.shuffle<u64>(a, b, 1, 3), 16);
    v128.store(out, v128.shuffle<u64>(c, d, 0, 2), 32);
    v128.store(out, v128.shuffle<u64>(c, d, 1, 3), 48);
  }
}

/**
 * n words (a multiple of 32) from a block on. A vector has one word of four blocks, and eight blocks are computed together,
 * because a round depends on the one before (712 M/s with four, 875 with eight). A shuffle selects the high halves of four
 * 32 x 32 products; the low halves are faster as a product of their own (916).
 */
export function philox(state: usize, block: u64, out: usize, n: usize): void {
  const keys = scratch + KEYS;
  let low = load<u32>(state);
  let high = load<u32>(state, 4);
  for (let r: usize = 0; r < 80; r += 8) {
    store<u32>(keys + r, low);
    store<u32>(keys + r, high, 4);
    low += WEYL_LOW;
    high += WEYL_HIGH;
  }
  const m0 = F32x4.at(MULTIPLIER, 0);
  const m1 = F32x4.at(MULTIPLIER, 1);
  const stream0 = F32x4.at(state, 2);
  const stream1 = F32x4.at(state, 3);
  let blocks = i64x2.add(i64x2.splat(block), i64x2(0, 1));
  for (const end = out + (n << 2); out < end; out += 128) {
    let next = i64x2.add(blocks, i64x2.splat(2));
    let a0 = v128.shuffle<u32>(blocks, next, 0, 2, 4, 6);
    let a1 = v128.shuffle<u32>(blocks, next, 1, 3, 5, 7);
    let a2 = stream0;
    let a3 = stream1;
    blocks = i64x2.add(blocks, i64x2.splat(4));
    next = i64x2.add(blocks, i64x2.splat(2));
    let b0 = v128.shuffle<u32>(blocks, next, 0, 2, 4, 6);
    let b1 = v128.shuffle<u32>(blocks, next, 1, 3, 5, 7);
    let b2 = stream0;
    let b3 = stream1;
    blocks = i64x2.add(blocks, i64x2.splat(4));
    for (let key = keys; key < keys + 80; key += 8) {
      const key0 = F32x4.at(key, 0);
      const key1 = F32x4.at(key, 1);
      const aLow0 = i32x4.mul(a0, m0);
      const aHigh0 = words.high(a0, m0);
      const bLow0 = i32x4.mul(b0, m0);
      const bHigh0 = words.high(b0, m0);
      a0 = v128.xor(words.high(a2, m1), v128.xor(a1, key0));
      b0 = v128.xor(words.high(b2, m1), v128.xor(b1, key0));
      a1 = i32x4.mul(a2, m1);
      b1 = i32x4.mul(b2, m1);
      a2 = v128.xor(aHigh0, v128.xor(a3, key1));
      b2 = v128.xor(bHigh0, v128.xor(b3, key1));
      a3 = aLow0;
      b3 = bLow0;
    }
    words.store(out, a0, a1, a2, a3);
    words.store(out + 64, b0, b1, b2, b3);
  }
}
