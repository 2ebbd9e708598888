// Fused multiply-add: a b + c in binary32, rounded once, as processors do it for PyTorch and JAX. WebAssembly has no such
// operation, but the product of two binary32 is exact in binary64, so that only the sum is rounded.

import { F32x4 } from '../f32';
import { scratch, UNCERTAIN } from '../scratch';

/** a + b rounded to odd, so that rounding the result to binary32 gives the exact sum's rounding. */
export function addOdd(a: f64, b: f64): f64 {
  const s = a + b;
  const t = s - a;
  const error = a - (s - t) + (b - t);
  const bits = reinterpret<u64>(s);
  if (error == 0 || bits & 1 || !(abs(s) < Infinity)) return s;
  return reinterpret<f64>(error > 0 == s > 0 ? bits + 1 : bits - 1);
}

/** a b + c in binary32, one rounding. */
export function fma(a: f32, b: f32, c: f32): f32 {
  return <f32>addOdd(<f64>a * <f64>b, <f64>c);
}

/** Fused operations on four lanes. */
export abstract class fused {
  /** Whether rounding a binary64 sum to binary32 may be wrong: it is a midpoint of two binary32, or subnormal. */
  @inline static uncertain(s: v128): bool {
    const midpoint = i64x2.eq(v128.and(s, v128.load64_splat(MIDPOINT)), v128.load64_splat(MIDPOINT, 8));
    return v128.any_true(v128.or(midpoint, f64x2.lt(f64x2.abs(s), v128.load64_splat(MIDPOINT, 16))));
  }

  /** a b + c, rounded once: in binary64, and where that is uncertain lane by lane. */
  @inline static fma4(a: v128, b: v128, c: v128): v128 {
    const s0 = f64x2.add(f64x2.mul(F32x4.low(a), F32x4.low(b)), F32x4.low(c));
    const s1 = f64x2.add(f64x2.mul(F32x4.high(a), F32x4.high(b)), F32x4.high(c));
    if (!(fused.uncertain(s0) || fused.uncertain(s1))) return F32x4.narrow(s0, s1);
    v128.store(scratch + UNCERTAIN, a);
    v128.store(scratch + UNCERTAIN, b, 16);
    v128.store(scratch + UNCERTAIN, c, 32);
    for (let p = scratch + UNCERTAIN; p < scratch + UNCERTAIN + 16; p += 4)
      store<f32>(p, fma(load<f32>(p), load<f32>(p, 16), load<f32>(p, 32)));
    return v128.load(scratch + UNCERTAIN);
  }

  /** a b + c, rounded once. `centred` says that c is 0: then the product's rounding is the only one, and the sum makes -0 to 0. */
  @inline static scaled(a: v128, b: v128, c: v128, centred: bool): v128 {
    return centred ? F32x4.mad(a, b, c) : fused.fma4(a, b, c);
  }

  /** A uniform in [0, 1) from the low 24 bits of a word. */
  @inline static unit(bits: v128): v128 {
    return f32x4.mul(f32x4.convert_i32x4_s(v128.and(bits, i32x4.splat(0xffffff))), f32x4.splat(5.9604644775390625e-8));
  }
}

/** The lowest 29 bits of a binary64, those of a midpoint between two binary32, and 2^-126. */
const MIDPOINT: usize = memory.data<u64>([0x1fffffff, 0x10000000, 0x3810000000000000]);
