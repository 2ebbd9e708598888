// Functions on two binary64 lanes, for activations whose binary32 would lose what they promise: gates, whose
// tails are products of small and large, and differences of near equals. Rounded once at the end, they are
// within 0.51 ulp; they cost about twice what binary32 costs.

import { lane } from './lane';

/** log2 e; 1.5 * 2^52, which rounds to an integer and leaves it in the low bits; -ln 2 in two parts. */
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

/** e^(a^2 / 2) Phi(-a) in (a - 4) / (a + 4) on 0 <= a <= 14.6, minimax: off by at most 2.8e-10 of itself. */
const MILLS: usize = memory.data<f64>([
  7.746289695572134e-6, 2.5692271937826997e-5, -4.918610493567466e-5, -1.8657258972823174e-4, 6.402735597474139e-4,
  5.075482359744963e-4, -8.492360470706142e-3, 3.086479992843167e-2, -7.170738695755553e-2, 0.124379255312317,
  -0.17039772199039627, 9.441064130699135e-2,
]);

/** -1/2; where Phi has reached 0 and 1; where x / (1 + e^-x) is 0 in binary32. */
const GATES: usize = memory.data<f64>([-0.5, -15.0, 15.0, -120.0]);

/** Where the argument of exp is cut off: the result of everything here is settled in binary32 by then. */
const LIMIT: usize = memory.data<f64>([-250.0, 250.0]);

export abstract class wide {
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
    let sum = wide.mad(x, wide.at(table, 0), wide.at(table, 1));
    for (let k: usize = 2; k < n; k++) sum = wide.mad(sum, x, wide.at(table, k));
    return sum;
  }

  /** e^x, x cut off at -250 and 250; relative error below 1e-10. */
  static exp(x: v128): v128 {
    const t = f64x2.pmin(f64x2.pmax(x, wide.at(LIMIT, 0)), wide.at(LIMIT, 1));
    const octaves = wide.mad(t, wide.at(REDUCE, 0), wide.at(REDUCE, 1));
    const n = f64x2.sub(octaves, wide.at(REDUCE, 1));
    const r = wide.mad(n, wide.at(REDUCE, 3), wide.mad(n, wide.at(REDUCE, 2), t));
    const p = wide.mad(f64x2.mul(r, r), wide.polynomial(EXP, 6, r), r);
    return i64x2.add(f64x2.add(p, f64x2.splat(1)), i64x2.shl(octaves, 52));
  }

  /** 1 / (1 + e^-x) */
  static logistic(x: v128): v128 {
    const one = f64x2.splat(1);
    return f64x2.div(one, f64x2.add(one, wide.exp(f64x2.neg(x))));
  }

  /** ln(1 + e) for 0 <= e <= 1, relative error below 1e-11: 2 atanh(e / (2 + e)). */
  static log1p(e: v128): v128 {
    const s = f64x2.div(e, f64x2.add(e, f64x2.splat(2)));
    const z = f64x2.mul(s, s);
    const sum = wide.mad(f64x2.mul(z, wide.polynomial(ATANH, 6, z)), s, s);
    return f64x2.add(sum, sum);
  }

  /** e^(a^2 / 2) Phi(-a) for a >= 0, relative error below 3e-10 up to 14.6. */
  static mills(a: v128): v128 {
    const four = f64x2.splat(4);
    return wide.polynomial(MILLS, 12, f64x2.div(f64x2.sub(a, four), f64x2.add(a, four)));
  }

  /** ln(1 + e^x), as max(x, 0) + ln(1 + e^-|x|). */
  static softplus(x: v128): v128 {
    const e = wide.exp(f64x2.neg(f64x2.abs(x)));
    return f64x2.add(f64x2.pmax(x, f64x2.splat(0)), wide.log1p(e));
  }

  /** x cut off where Phi changes no more, so that infinity has its limit. */
  @inline static bounded(x: v128): v128 {
    return f64x2.pmin(f64x2.pmax(x, wide.at(GATES, 1)), wide.at(GATES, 2));
  }

  /** e^(-x^2 / 2) */
  @inline static bell(x: v128): v128 {
    return wide.exp(f64x2.mul(f64x2.mul(x, x), wide.at(GATES, 0)));
  }

  /** Phi(x), from its left tail bell(x) M(|x|). */
  @inline static phi(x: v128, bell: v128): v128 {
    const tail = f64x2.mul(bell, wide.mills(f64x2.abs(x)));
    return v128.bitselect(f64x2.sub(f64x2.splat(1), tail), tail, f64x2.gt(x, f64x2.splat(0)));
  }

  /** x Phi(x); where Phi is 1, x itself. */
  static gelu(x: v128): v128 {
    const t = wide.bounded(x);
    return f64x2.mul(v128.bitselect(x, t, f64x2.gt(x, f64x2.splat(0))), wide.phi(t, wide.bell(t)));
  }

  /** x / (1 + e^-x) */
  static silu(x: v128): v128 {
    const t = f64x2.pmax(x, wide.at(GATES, 3));
    return f64x2.div(t, f64x2.add(f64x2.splat(1), wide.exp(f64x2.neg(t))));
  }
}
