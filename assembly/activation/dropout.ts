// Dropout (Srivastava et al. 2014): values outside the mask become 0, the others are scaled, so that the mean stays.

import { F32x4 } from '../f32';
import { Binary, zip } from '../pointwise';

/** mask > 0 ? a x : 0; NaN where x is NaN */
class Dropout implements Binary {
  @inline apply(mask: v128, x: v128, a: v128, b: v128): v128 {
    return F32x4.masked(f32x4.mul(x, a), f32x4.gt(mask, f32x4.splat(0)), x);
  }
}

export function dropout(mask: usize, x: usize, out: usize, n: usize, scale: f32): void {
  zip<Dropout>(mask, x, out, n, scale, 0);
}

/** Philox4x32-10's multipliers, and what its key grows by each round (random/philox.ts). */
const M0: u64 = 0xd2511f53;
const M1: u64 = 0xcd9e8d57;
const W0: u32 = 0x9e3779b9;
const W1: u32 = 0xbb67ae85;

/**
 * The next n values of a mask, 1 where a word of Philox is below the threshold, else 0: the bits of philoxBernoulli. State: a
 * key of two words, and the block (u64). One block at a time, 330 M/s where the vectors of philoxBernoulli make 900: those
 * would be 1 kB more in every page of activations. n is a multiple of 4, but for the last values of a draw.
 */
export function dropoutMask(state: usize, out: usize, n: usize, threshold: u32): void {
  let block = load<u64>(state, 8);
  for (const end = out + (n << 2); out < end; out += 16, block++) {
    let a = <u32>block;
    let b = <u32>(block >> 32);
    let c: u32 = 0;
    let d: u32 = 0;
    let key0 = load<u32>(state);
    let key1 = load<u32>(state, 4);
    for (let round = 0; round < 10; round++) {
      const p0 = M0 * <u64>a;
      const p1 = M1 * <u64>c;
      a = <u32>(p1 >> 32) ^ b ^ key0;
      b = <u32>p1;
      c = <u32>(p0 >> 32) ^ d ^ key1;
      d = <u32>p0;
      key0 += W0;
      key1 += W1;
    }
    store<f32>(out, a < threshold ? 1 : 0);
    if (out + 4 < end) store<f32>(out, b < threshold ? 1 : 0, 4);
    if (out + 8 < end) store<f32>(out, c < threshold ? 1 : 0, 8);
    if (out + 12 < end) store<f32>(out, d < threshold ? 1 : 0, 12);
  }
  store<u64>(state, block, 8);
}
