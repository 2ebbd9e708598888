// F64x2: elementary functions on two binary64 lanes, for activations that would lose their promised accuracy in binary32:
// gates, whose tails are products of small and large numbers, and differences of near equals. The result is rounded once,
// at the end: within 0.51 ulp, or 1.6 where the exponential comes from binary32 (power), at twice the speed.

import { F32x4 } from './f32';

/** log2 e; 1.5 * 2^52, which rounds to an integer and leaves it in the low bits; -ln 2 as a sum of two numbers. */
const REDUCE: usize = memory.data<f64>([
  1.4426950408889634, 6755399441055744.0, -0.6931471803691238, -1.9082149292705877e-10,
]);

/** (e^r - 1 - r) / r^2 on |r| <= ln(2)/2, minimax: e^r is off by at most 4.9e-11. */
const EXP: usize = memory.data<f64>([
  1.9918525234799523e-4, 1.394617734676101e-3, 8.333264104439155e-3, 4.166626849830855e-2, 0.16666666861755966,
  0.5000000078328545,
]);

/** (atanh(s) / s - 1) / s^2 in s^2 on s <= 1/3, minimax: off by at most 2.8e-12. */
const ATANH: usize = memory.data<f64>([
  0.10896210182183574, 0.08573921409733072, 0.11150750534205014, 0.14284198022805336, 0.20000026500645865,
  0.33333333179561697,
]);

/** e^(a^2 / 2) Phi(-a) in (a - 3) / (a + 3) on 0 <= a <= 14.9, minimax: off by at most 1.1e-8 of itself. Then the 3. */
const MILLS: usize = memory.data<f64>([
  5.276835868701416e-5, 1.1460428059547718e-4, -3.386344404520262e-4, -9.829155790785455e-4, 2.904247002708421e-3,
  6.131838150221004e-3, -4.6213240271911635e-2, 0.12322504994761704, -0.2064026216003474, 0.12151394741754414, 3.0,
]);

/** Below this, x / (1 + e^-x) is 0 in binary32. */
const SILU: usize = memory.data<f64>([-120.0]);

/** 2^-64 */
const SCALE: usize = memory.data<f64>([5.421010862427522e-20]);

/** The bounds to which the argument of exp is clamped. Beyond them nothing here changes in binary32. */
const LIMIT: usize = memory.data<f64>([-250.0, 250.0]);

export abstract class F64x2 {
  /** The k-th value of a table, in both lanes. */
  @inline static at(table: usize, k: usize): v128 {
    return v128.load64_splat(table + (k << 3));
  }

  /** a b + c, two roundings. */
  @inline static mad(a: v128, b: v128, c: v128): v128 {
    return f64x2.add(f64x2.mul(a, b), c);
  }

  /** The polynomial in x with n coefficients, that of the highest power first. */
  @inline static polynomial(table: usize, n: usize, x: v128): v128 {
    let sum = F64x2.mad(x, F64x2.at(table, 0), F64x2.at(table, 1));
    for (let k: usize = 2; k < n; k++) sum = F64x2.mad(sum, x, F64x2.at(table, k));
    return sum;
  }

  /** e^x for x clamped to [-250, 250]; relative error below 1e-10. */
  static exp(x: v128): v128 {
    const t = f64x2.pmin(f64x2.pmax(x, F64x2.at(LIMIT, 0)), F64x2.at(LIMIT, 1));
    const octaves = F64x2.mad(t, F64x2.at(REDUCE, 0), F64x2.at(REDUCE, 1));
    const n = f64x2.sub(octaves, F64x2.at(REDUCE, 1));
    const r = F64x2.mad(n, F64x2.at(REDUCE, 3), F64x2.mad(n, F64x2.at(REDUCE, 2), t));
    const p = F64x2.mad(f64x2.mul(r, r), F64x2.polynomial(EXP, 6, r), r);
    return i64x2.add(f64x2.add(p, f64x2.splat(1)), i64x2.shl(octaves, 52));
  }

  /** 1 / (1 + e^-x) */
  static logistic(x: v128): v128 {
    const one = f64x2.splat(1);
    return f64x2.div(one, f64x2.add(one, F64x2.exp(f64x2.neg(x))));
  }

  /** ln(1 + e) for 0 <= e <= 1, relative error below 1e-11: 2 atanh(e / (2 + e)). */
  static log1p(e: v128): v128 {
    const s = f64x2.div(e, f64x2.add(e, f64x2.splat(2)));
    const z = f64x2.mul(s, s);
    const sum = F64x2.mad(f64x2.mul(z, F64x2.polynomial(ATANH, 6, z)), s, s);
    return f64x2.add(sum, sum);
  }

  /**
   * e^x from two numbers that math.ts computes in binary32: s = 2^64 2^n, which is exact, and q = e^r - 1, which is rounded.
   * Relative error at most 2^-24. Four lanes of it cost as much as two in binary64.
   */
  @inline static power(s: v128, q: v128): v128 {
    return f64x2.mul(F64x2.mad(s, q, s), F64x2.at(SCALE, 0));
  }

  /** Mills' ratio without its constant: e^(a^2 / 2) Phi(-a) for 0 <= a <= 14.9. Unrolled by hand: asc keeps a loop. */
  @inline static mills(a: v128): v128 {
    const c = F64x2.at(MILLS, 10);
    const t = f64x2.div(f64x2.sub(a, c), f64x2.add(a, c));
    let sum = F64x2.mad(t, F64x2.at(MILLS, 0), F64x2.at(MILLS, 1));
    sum = F64x2.mad(sum, t, F64x2.at(MILLS, 2));
    sum = F64x2.mad(sum, t, F64x2.at(MILLS, 3));
    sum = F64x2.mad(sum, t, F64x2.at(MILLS, 4));
    sum = F64x2.mad(sum, t, F64x2.at(MILLS, 5));
    sum = F64x2.mad(sum, t, F64x2.at(MILLS, 6));
    sum = F64x2.mad(sum, t, F64x2.at(MILLS, 7));
    sum = F64x2.mad(sum, t, F64x2.at(MILLS, 8));
    return F64x2.mad(sum, t, F64x2.at(MILLS, 9));
  }

  /** ln(1 + e^x), as max(x, 0) + ln(1 + e^-|x|). */
  static softplus(x: v128): v128 {
    const e = F64x2.exp(f64x2.neg(f64x2.abs(x)));
    return f64x2.add(f64x2.pmax(x, f64x2.splat(0)), F64x2.log1p(e));
  }

  /** x / (1 + e^-x) */
  static silu(x: v128): v128 {
    const t = f64x2.pmax(x, F64x2.at(SILU, 0));
    return f64x2.div(t, f64x2.add(f64x2.splat(1), F64x2.exp(f64x2.neg(t))));
  }
}
