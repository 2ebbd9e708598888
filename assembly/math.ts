// Elementary functions on four binary32 lanes, and on single binary64 values. They use neither fused multiply-add nor
// functions of the host, so their bits are the same everywhere. Each states its formula, its range and its measured error;
// the tests of activations and distributions check what is promised of these.

import { F32x4 } from './f32';

/**
 * log2 e; -ln 2 as a sum of two numbers, the first with 15 bits, so that its product with n is exact for |n| < 2^9;
 * 1.5 * 2^23, which added and subtracted rounds to an integer and leaves it in the low bits of the sum.
 */
const REDUCE: usize = memory.data<f32>([1.44269504, -0.693359375, 2.1219444e-4, 12582912.0]);

/** (e^r - 1 - r) / r^2 on |r| <= ln(2)/2, minimax: e^r is off by at most 3.3e-9. */
const EXPM1: usize = memory.data<f32>([
  0.0013941872166469693, 0.00836868118494749, 0.041666388511657715, 0.1666652113199234, 0.5,
]);

/** 1, 2^-32 and 2^32. */
const ONE: usize = memory.data<f32>([1.0, 2.3283064365386963e-10, 4294967296.0]);

/** Below -104, e^x is 0 in binary32. Above it, rounding a difference costs at most 2^-18. Below -18, e^x - 1 is -1. */
const EXP_LOW: usize = memory.data<f32>([-104.0, -7.62939453125e-6, 7.62939453125e-6, -18.0]);

/**
 * (ln(1 + s) - s + s^2/2) / s^3 on 1 + s in [sqrt(1/2), sqrt(2)), minimax; the sum is off by at most 3.4e-8
 * of s^2. Then ln 2 as a sum of two numbers, as above, and 1/2.
 */
const LOG: usize = memory.data<f32>([
  0.08917167782783508, -0.14350225031375885, 0.1487722396850586, -0.16565640270709991, 0.1996537148952484,
  -0.2500174641609192, 0.33333858847618103, -2.1219444e-4, 0.693359375, 0.5,
]);

/** ln(1 + e) / e on 0 <= e <= e^-0.5, minimax: off by 1.1e-8 of itself. */
const LOG1P: usize = memory.data<f32>([
  -0.021273797377943993, 0.07587647438049316, -0.13933192193508148, 0.19330467283725739, -0.24908261001110077,
  0.33327218890190125, -0.4999985992908478, 1.0,
]);

/** (ln(1 + e^x) - ln 2 - x/2) / x^2 in x^2 on |x| <= 0.5, minimax: off by 4e-9 of the sum. Then ln 2, 0.5. */
const SOFTPLUS: usize = memory.data<f32>([
  0.00033720428473316133, -0.005207413341850042, 0.125, 0.6931471824645996, 0.5,
]);

/** The bits of sqrt(1/2), where the range of mantissas begins, and the mask of the mantissa. */
const LOG_BITS: usize = memory.data<u32>([0x3f3504f3, 0x007fffff]);

/** sin(pi/2 y) / y and cos(pi/2 y) in y^2 on |y| <= 1/2, minimax: off by 4.4e-8 and 4.1e-10. */
const SIN: usize = memory.data<f32>([
  -0.004689315799623728, 0.07971354573965073, -0.6459667086601257, 1.5707963705062866,
]);
const COS: usize = memory.data<f32>([
  0.0008935732184909284, -0.0208552535623312, 0.25366851687431335, -1.2337005138397217, 1.0,
]);

export abstract class math {
  /** n + 1.5 * 2^23, where n is x / ln 2 rounded to an integer: the integer stands in the low bits. */
  @inline static octaves(x: v128): v128 {
    return F32x4.mad(x, F32x4.at(REDUCE, 0), F32x4.at(REDUCE, 3));
  }

  /** x - n ln 2, for the n of octaves(x); at most ln(2)/2 and a rounding in size. */
  @inline static reduce(x: v128, octaves: v128): v128 {
    const n = f32x4.sub(octaves, F32x4.at(REDUCE, 3));
    return F32x4.mad(n, F32x4.at(REDUCE, 2), F32x4.mad(n, F32x4.at(REDUCE, 1), x));
  }

  /** scale * 2^n, exact while the result is normal: n is added to the exponent. */
  @inline static scaled(scale: v128, octaves: v128): v128 {
    return i32x4.add(i32x4.shl(octaves, 23), scale);
  }

  /** e^r - 1 for |r| <= ln(2)/2. r^2 / 2 is added by itself, since halving is exact: 0.2 ulp less than r^2 (1/2 + ...). */
  @inline static expm1(r: v128): v128 {
    const square = f32x4.mul(r, r);
    const p = F32x4.estrin4(EXPM1, r, square);
    return f32x4.add(F32x4.mad(f32x4.mul(square, r), p, f32x4.mul(square, F32x4.at(EXPM1, 4))), r);
  }

  /**
   * e^x for x <= 0, within 1 ulp, subnormals included; 0 below -104, NaN for NaN.
   * 2^n is computed 2^32 times too large and scaled by the last product, so that a subnormal is rounded once.
   */
  @inline static expNegative(x: v128): v128 {
    const t = f32x4.pmax(x, F32x4.at(EXP_LOW, 0));
    const octaves = math.octaves(t);
    return math.expFrom(octaves, math.reduce(t, octaves));
  }

  /** e^x - 1 for x <= 0, within 1 ulp; -1 below -18. s - 1 is exact, so that the sum is rounded once. */
  @inline static expm1Negative(x: v128): v128 {
    const t = f32x4.pmax(x, F32x4.at(EXP_LOW, 3));
    const octaves = math.octaves(t);
    const one = F32x4.at(ONE, 0);
    const s = math.scaled(one, octaves);
    return F32x4.mad(s, math.expm1(math.reduce(t, octaves)), f32x4.sub(s, one));
  }

  /** 2^n e^r */
  @inline static expFrom(octaves: v128, r: v128): v128 {
    const s = math.scaled(F32x4.at(ONE, 2), octaves);
    return f32x4.mul(F32x4.mad(s, math.expm1(r), s), F32x4.at(ONE, 1));
  }

  /**
   * e^(x - top) for x <= top, within 1 ulp of the exact difference: the rounding error of the difference (Knuth's two-sum)
   * is added to the reduced argument. Without it a difference of 20 costs 12 ulp. The error is clamped, since an infinite x
   * makes it NaN.
   */
  @inline static expDifference(x: v128, top: v128): v128 {
    const d = f32x4.sub(x, top);
    const t0 = f32x4.sub(d, x);
    const error = f32x4.sub(f32x4.sub(x, f32x4.sub(d, t0)), f32x4.add(top, t0));
    const t = f32x4.pmax(d, F32x4.at(EXP_LOW, 0));
    const octaves = math.octaves(t);
    const clamped = f32x4.pmin(F32x4.at(EXP_LOW, 2), f32x4.pmax(F32x4.at(EXP_LOW, 1), error));
    return math.expFrom(octaves, f32x4.add(math.reduce(t, octaves), clamped));
  }

  /**
   * ln(1 + e^x), subnormals included. Near 0 it is ln 2 + x / 2 plus an even polynomial, elsewhere max(x, 0) + e P(e) with
   * e = e^-|x| = s + s q, s a power of two. e P(e) is computed as s (P + q P), because the rounding of e would cost half an
   * ulp. (P on all of [0, 1], without the even polynomial, reached 2.5 ulp near 0, where the sum halves the ulp.)
   */
  @inline static softplus(x: v128): v128 {
    const size = F32x4.size(x);
    const t = f32x4.pmax(F32x4.negated(size), F32x4.at(EXP_LOW, 0));
    const octaves = math.octaves(t);
    const q = math.expm1(math.reduce(t, octaves));
    const s = math.scaled(F32x4.at(ONE, 2), octaves);
    const e = f32x4.mul(F32x4.mad(s, q, s), F32x4.at(ONE, 1));
    // Six terms in pairs: 6 % faster than Horner's scheme alone.
    let p = F32x4.estrin6(LOG1P, e, f32x4.mul(e, e));
    p = F32x4.mad(p, e, F32x4.at(LOG1P, 6));
    p = F32x4.mad(p, e, F32x4.at(LOG1P, 7));
    const tail = f32x4.mul(f32x4.mul(s, F32x4.mad(p, q, p)), F32x4.at(ONE, 1));
    const far = f32x4.add(f32x4.pmax(x, f32x4.splat(0)), tail);
    const z = f32x4.mul(x, x);
    const even = F32x4.mad(F32x4.mad(z, F32x4.at(SOFTPLUS, 0), F32x4.at(SOFTPLUS, 1)), z, F32x4.at(SOFTPLUS, 2));
    const near = F32x4.mad(even, z, F32x4.mad(x, F32x4.at(SOFTPLUS, 4), F32x4.at(SOFTPLUS, 3)));
    return v128.bitselect(near, far, f32x4.lt(size, F32x4.at(SOFTPLUS, 4)));
  }

  /** ln u for a positive, normal u; off by at most 1e-7 of max(1, |ln u|). */
  @inline static log(u: v128): v128 {
    // u = m 2^e with m in [sqrt(1/2), sqrt(2)): the bits are shifted by those of sqrt(1/2) before exponent and mantissa part.
    const shifted = i32x4.sub(u, F32x4.at(LOG_BITS, 0));
    const e = f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23));
    const m = i32x4.add(v128.and(shifted, F32x4.at(LOG_BITS, 1)), F32x4.at(LOG_BITS, 0));
    const s = f32x4.sub(m, F32x4.at(ONE, 0));
    const square = f32x4.mul(s, s);
    let p = F32x4.mad(F32x4.estrin6(LOG, s, square), s, F32x4.at(LOG, 6));
    p = f32x4.mul(f32x4.mul(p, square), s);
    p = F32x4.mad(e, F32x4.at(LOG, 7), p);
    p = f32x4.sub(p, f32x4.mul(square, F32x4.at(LOG, 9)));
    return F32x4.mad(e, F32x4.at(LOG, 8), f32x4.add(p, s));
  }

  /** sin(pi/2 y) for |y| <= 1/2 */
  @inline static sin(y: v128): v128 {
    const z = f32x4.mul(y, y);
    let p = F32x4.mad(z, F32x4.at(SIN, 0), F32x4.at(SIN, 1));
    p = F32x4.mad(p, z, F32x4.at(SIN, 2));
    return f32x4.mul(F32x4.mad(p, z, F32x4.at(SIN, 3)), y);
  }

  /** cos(pi/2 y) for |y| <= 1/2 */
  @inline static cos(y: v128): v128 {
    const z = f32x4.mul(y, y);
    let p = F32x4.mad(z, F32x4.at(COS, 0), F32x4.at(COS, 1));
    p = F32x4.mad(p, z, F32x4.at(COS, 2));
    p = F32x4.mad(p, z, F32x4.at(COS, 3));
    return F32x4.mad(p, z, F32x4.at(COS, 4));
  }
}

// Binary64, one value at a time, for what is computed once a row or once a draw. They are short rather than fast: the
// standard library's versions are faster by tables that would be a third of the module.

/** e^x, relative error below 3e-16 while the result is normal: 2^n times a Taylor series on |r| <= ln(2)/2. */
export function exp64(x: f64): f64 {
  if (!(x > -745.2)) return x != x ? x : 0;
  if (x > 709.79) return Infinity;
  const n = nearest(x * 1.4426950408889634);
  const r = x - n * 0.6931471803691238 - n * 1.9082149292705877e-10; // ln 2: its first 32 bits, and the remainder
  let sum: f64 = 1;
  for (let k: f64 = 13; k > 0; k--) sum = 1 + (sum * r) / k;
  // Two factors, since 2^n alone may be subnormal.
  const half = <i64>n >> 1;
  return sum * reinterpret<f64>((half + 1023) << 52) * reinterpret<f64>((<i64>n - half + 1023) << 52);
}

/** ln x for x > 0, normal: error below 1 ulp. 2 atanh((m - 1) / (m + 1)) on m in [sqrt(1/2), sqrt(2)). */
export function log64(x: f64): f64 {
  if (!(x > 0 && x < Infinity)) return x == 0 ? -Infinity : x > 0 ? x : NaN;
  const bits = reinterpret<i64>(x);
  const shifted = bits - 0x3fe6a09e667f3bcd; // sqrt(1/2)
  const n = <f64>(shifted >> 52);
  const m = reinterpret<f64>(bits - ((shifted >> 52) << 52));
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let sum: f64 = 0;
  for (let k: f64 = 25; k > 1; k -= 2) sum = (sum + 1 / k) * z;
  // ln m = 2 s (1 + sum), where 2 s = f - s f with an exact f.
  const f = m - 1;
  return n * 0.6931471803691238 + (f - (s * (f - 2 * sum) - n * 1.9082149292705877e-10));
}

/** The sine (shift 0) or cosine (shift 1) of x in [0, 2 pi], error below 2 ulp: Taylor series on |r| <= pi/4. */
export function sine64(x: f64, shift: i32): f64 {
  const q = nearest(x * 0.6366197723675814);
  const r = x - q * 1.5707963267341256 - q * 6.077100506506192e-11; // pi/2: its first 33 bits, and the remainder
  const quadrant = <i32>q + shift;
  const odd = quadrant & 1;
  let sum: f64 = 1;
  for (let k: f64 = odd ? 18 : 19; k > 1; k -= 2) sum = 1 - (sum * r * r) / (k * (k - 1));
  if (!odd) sum *= r;
  return quadrant & 2 ? -sum : sum;
}

/**
 * erfc(x) for x >= 0 in binary64, relative error below 3e-13: the Maclaurin series of erf below 2, Laplace's
 * continued fraction above. A draw calls it a few times, so it is short rather than fast.
 */
function erfcPositive(x: f64): f64 {
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let k = 1; k < 60; k++) {
      term *= (-x * x) / <f64>k;
      sum += term / <f64>(2 * k + 1);
    }
    return 1 - 1.1283791670955126 * sum; // 2 / sqrt(pi)
  }
  let fraction: f64 = 0;
  for (let k = 120; k > 0; k--) fraction = <f64>k / 2 / (x + fraction);
  return (exp64(-x * x) * 0.5641895835477563) / (x + fraction); // 1 / sqrt(pi)
}

/** The error function, absolute error below 2e-15. */
export function erf(x: f64): f64 {
  return x < 0 ? erfcPositive(-x) - 1 : 1 - erfcPositive(x);
}

/** The normal distribution function, with full relative accuracy in the left tail. */
export function normalCdf(x: f64): f64 {
  const z = x * -0.7071067811865476;
  return 0.5 * (z < 0 ? 2 - erfcPositive(-z) : erfcPositive(z));
}

/** e^(-x^2 / 2) / sqrt(2 pi) */
export function normalDensity(x: f64): f64 {
  return 0.3989422804014327 * exp64(-0.5 * x * x);
}
