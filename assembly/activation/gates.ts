// Activations that multiply x by a gate between 0 and 1, a class each. The row of the same name in src/activation/gates.ts has
// formula, parameters and error bounds. NaN propagates, forward and backward. Where the gate is 0 the gradient is masked, so
// that an infinite g gives 0.

import { F32x4 } from '../f32';
import { F64x2 } from '../f64';
import { math } from '../math';
import { Binary, map, mapTwo, Unary, zip, zipTwo } from '../pointwise';

/** 1 / sqrt(2 pi) */
const GELU: usize = memory.data<f64>([0.3989422804014327]);

/** 14.9, where Phi is 1 in binary32 and 1 - Phi is 0; -1/2; 2^64. Then the mask of a float's upper twelve mantissa bits. */
const GAUSSIAN: usize = memory.data<f32>([14.9, -0.5, 18446744073709551616.0]);
const UPPER: usize = memory.data<u32>([0xfffff000]);

/**
 * e^(-a^2 / 2) in binary32, as the s and q of F64x2.power. a^2 is u^2 + (a + u)(a - u), where u is a without the lower half
 * of its bits: u^2 is exact, and only the small second term is rounded.
 */
abstract class gaussian {
  @inline static first(a: v128): v128 {
    const u = v128.and(a, F32x4.at(UPPER, 0));
    return f32x4.mul(f32x4.mul(u, u), F32x4.at(GAUSSIAN, 1));
  }
  @inline static second(a: v128): v128 {
    const u = v128.and(a, F32x4.at(UPPER, 0));
    return f32x4.mul(f32x4.mul(f32x4.add(a, u), f32x4.sub(a, u)), F32x4.at(GAUSSIAN, 1));
  }
  @inline static octaves(a: v128): v128 {
    return math.octaves(f32x4.add(gaussian.first(a), gaussian.second(a)));
  }
  @inline static s(octaves: v128): v128 {
    return math.scaled(F32x4.at(GAUSSIAN, 2), octaves);
  }
  @inline static q(a: v128, octaves: v128): v128 {
    return math.expm1(f32x4.add(math.reduce(gaussian.first(a), octaves), gaussian.second(a)));
  }
}

abstract class gelu {
  /** max(x, 0) - a Phi(-a) with a = |x|, from the Gaussian e^(-a^2 / 2). */
  @inline static value(positive: v128, a: v128, gaussian: v128): v128 {
    return f64x2.sub(positive, f64x2.mul(f64x2.mul(a, gaussian), F64x2.mills(a)));
  }
  /** S = e^(-a^2 / 2) (M(a) - a / sqrt(2 pi)) where step is 0, 1 - S where it is 1. */
  @inline static slope(step: v128, a: v128, gaussian: v128): v128 {
    const s = f64x2.mul(gaussian, f64x2.sub(F64x2.mills(a), f64x2.mul(a, F64x2.at(GELU, 0))));
    return f64x2.add(step, f64x2.sub(s, f64x2.mul(f64x2.add(step, step), s)));
  }
}

/**
 * x Phi(x), where Phi is the normal distribution function (Hendrycks and Gimpel 2016). With a = |x| and the tail
 * Phi(-a) = e^(-a^2 / 2) M(a) it is max(x, 0) - a Phi(-a). The exponential is computed in binary32, as two numbers, all else
 * in binary64. (M in binary32 reached 3 to 10 ulp in the left tail, for polynomials in several variables. With the
 * exponential in binary64 it had a third of the speed.)
 */
class Gelu implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    const size = f32x4.pmin(F32x4.size(x), F32x4.at(GAUSSIAN, 0));
    const octaves = gaussian.octaves(size);
    const s = gaussian.s(octaves);
    const q = gaussian.q(size, octaves);
    const positive = f32x4.pmax(x, f32x4.splat(0));
    return F32x4.narrow(
      gelu.value(F32x4.low(positive), F32x4.low(size), F64x2.power(F32x4.low(s), F32x4.low(q))),
      gelu.value(F32x4.high(positive), F32x4.high(size), F64x2.power(F32x4.high(s), F32x4.high(q))),
    );
  }
}
class GeluSlope implements Binary {
  @inline apply(x: v128, g: v128, a: v128, b: v128): v128 {
    const size = f32x4.pmin(F32x4.size(x), F32x4.at(GAUSSIAN, 0));
    const octaves = gaussian.octaves(size);
    const s = gaussian.s(octaves);
    const q = gaussian.q(size, octaves);
    const step = v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.splat(1));
    const low = gelu.slope(F32x4.low(step), F32x4.low(size), F64x2.power(F32x4.low(s), F32x4.low(q)));
    const high = gelu.slope(F32x4.high(step), F32x4.high(size), F64x2.power(F32x4.high(s), F32x4.high(q)));
    return F32x4.narrow(f64x2.mul(F32x4.low(g), low), f64x2.mul(F32x4.high(g), high));
  }
}

/**
 * -sqrt(8/pi) and -sqrt(8/pi) 0.044715, the factors of -2u; the bounds to which -2u is clamped; 3; 2^-64.
 * Then, in binary32, the bounds beyond which x / (1 + e^-2u) is 0 and x; 2^-64.
 */
const TANH: usize = memory.data<f64>([
  -1.5957691216057308, -0.07135481627260025, -40.0, 115.0, 3.0, 5.421010862427522e-20,
]);
const TANH_ENDS: usize = memory.data<f32>([-15.0, 15.0, 5.421010862427522e-20]);

/**
 * x (1 + tanh u) / 2 = x / (1 + e^-2u) with u = sqrt(2/pi) (x + 0.044715 x^3), computed as c x / (c + c e^-2u) with c = 2^-64,
 * so that e^115 does not overflow. The exponent is computed in binary64 and passed to the exponential as a sum of two
 * binary32 numbers.
 */
abstract class geluTanh {
  /** -2u */
  @inline static exponent(x: v128): v128 {
    const t = f64x2.mul(x, F64x2.mad(f64x2.mul(x, x), F64x2.at(TANH, 1), F64x2.at(TANH, 0)));
    return f64x2.pmin(f64x2.pmax(t, F64x2.at(TANH, 2)), F64x2.at(TANH, 3));
  }
  /** What rounding the exponents to binary32 lost. */
  @inline static error(low: v128, high: v128, rounded: v128): v128 {
    return F32x4.narrow(f64x2.sub(low, F32x4.low(rounded)), f64x2.sub(high, F32x4.high(rounded)));
  }
  @inline static value(x: v128, s: v128, q: v128): v128 {
    const c = F64x2.at(TANH, 5);
    return f64x2.div(f64x2.mul(x, c), f64x2.add(c, F64x2.mad(s, q, s)));
  }
  /** h (1 + x (1 - h) (2u)') with h = 1 / (1 + e^-2u). 1 - h is computed as e^-2u h, to lose no digits. */
  @inline static slope(x: v128, s: v128, q: v128): v128 {
    const c = F64x2.at(TANH, 5);
    const e = F64x2.mad(s, q, s);
    const d = f64x2.div(f64x2.splat(1), f64x2.add(c, e));
    const h = f64x2.mul(c, d);
    const inner = F64x2.mad(f64x2.mul(f64x2.mul(x, x), F64x2.at(TANH, 4)), F64x2.at(TANH, 1), F64x2.at(TANH, 0));
    return f64x2.sub(h, f64x2.mul(h, f64x2.mul(f64x2.mul(x, inner), f64x2.mul(e, d))));
  }
}

/** Gelu with tanh in place of the error function. */
class GeluTanh implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    const t = f32x4.pmin(f32x4.pmax(x, F32x4.at(TANH_ENDS, 0)), F32x4.at(TANH_ENDS, 1));
    const low = geluTanh.exponent(F32x4.low(t));
    const high = geluTanh.exponent(F32x4.high(t));
    const rounded = F32x4.narrow(low, high);
    const octaves = math.octaves(rounded);
    const q = math.expm1(f32x4.add(math.reduce(rounded, octaves), geluTanh.error(low, high, rounded)));
    const s = math.scaled(F32x4.at(TANH_ENDS, 2), octaves);
    const v = f32x4.pmax(t, x);
    return F32x4.narrow(
      geluTanh.value(F32x4.low(v), F32x4.low(s), F32x4.low(q)),
      geluTanh.value(F32x4.high(v), F32x4.high(s), F32x4.high(q)),
    );
  }
}
class GeluTanhSlope implements Binary {
  @inline apply(x: v128, g: v128, a: v128, b: v128): v128 {
    const t = f32x4.pmin(f32x4.pmax(x, F32x4.at(TANH_ENDS, 0)), F32x4.at(TANH_ENDS, 1));
    const low = geluTanh.exponent(F32x4.low(t));
    const high = geluTanh.exponent(F32x4.high(t));
    const rounded = F32x4.narrow(low, high);
    const octaves = math.octaves(rounded);
    const q = math.expm1(f32x4.add(math.reduce(rounded, octaves), geluTanh.error(low, high, rounded)));
    const s = math.scaled(F32x4.at(TANH_ENDS, 2), octaves);
    const dLow = geluTanh.slope(F32x4.low(t), F32x4.low(s), F32x4.low(q));
    const dHigh = geluTanh.slope(F32x4.high(t), F32x4.high(s), F32x4.high(q));
    return F32x4.narrow(f64x2.mul(F32x4.low(g), dLow), f64x2.mul(F32x4.high(g), dHigh));
  }
}
/** a: 0 for the error function, 1 for tanh. */
export function geluForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  if (a != 0) mapTwo<GeluTanh>(x, out, n, a, b);
  else mapTwo<Gelu>(x, out, n, a, b);
}
export function geluBackward(x: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  if (a != 0) zipTwo<GeluTanhSlope>(x, g, out, n, a, b);
  else zipTwo<GeluSlope>(x, g, out, n, a, b);
}

/** c = 2^-32; the bounds beyond which x / (1 + e^-x) is 0 and x; 2^-64, below which it is x / 2; 1/2; 1; 2^32. */
const SILU: usize = memory.data<f32>([
  2.3283064365386963e-10, -110.0, -60.0, 5.421010862427522e-20, 0.5, 1.0, 4294967296.0,
]);

/** x / (1 + e^-x) as c x / (c + c e^-x), summed in Sigmoid's order. c x is exact unless it is subnormal. */
class Silu implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    const c = F32x4.at(SILU, 0);
    const v = f32x4.pmax(x, F32x4.at(SILU, 1));
    const t = f32x4.pmax(F32x4.negated(v), F32x4.at(SILU, 2));
    const octaves = math.octaves(t);
    const q = math.expm1(math.reduce(t, octaves));
    const s = math.scaled(c, octaves);
    const y = f32x4.div(f32x4.mul(v, c), f32x4.add(F32x4.mad(s, q, c), s));
    return v128.bitselect(f32x4.mul(x, F32x4.at(SILU, 4)), y, f32x4.lt(F32x4.size(x), F32x4.at(SILU, 3)));
  }
}
/** g s (1 + x r) with s = c / (c + c e^-x) and r = 1 - s. For x > 0, r is computed as e^-x s, to lose no digits. */
class SiluSlope implements Binary {
  @inline apply(x: v128, g: v128, a: v128, b: v128): v128 {
    const c = F32x4.at(SILU, 0);
    const one = F32x4.at(SILU, 5);
    // From 60 on s is 1 and x r is 0, also where x is infinite.
    const v = f32x4.pmin(f32x4.pmax(x, F32x4.at(SILU, 1)), F32x4.negated(F32x4.at(SILU, 2)));
    const t = F32x4.negated(v);
    const octaves = math.octaves(t);
    const q = math.expm1(math.reduce(t, octaves));
    const p = math.scaled(c, octaves);
    const s = f32x4.div(c, F32x4.mad(p, q, f32x4.add(c, p)));
    const positive = f32x4.mul(f32x4.mul(F32x4.mad(p, q, p), F32x4.at(SILU, 6)), s);
    const r = v128.bitselect(positive, f32x4.sub(one, s), f32x4.gt(x, f32x4.splat(0)));
    return f32x4.mul(g, f32x4.mul(s, F32x4.mad(v, r, one)));
  }
}
export function siluForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Silu>(x, out, n, a, b);
}
export function siluBackward(x: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<SiluSlope>(x, g, out, n, a, b);
}

/** The bounds beyond which mish is 0 and x in binary32; 2^64. */
const MISH: usize = memory.data<f32>([-120.0, 30.0, 18446744073709551616.0]);

/** tanh(ln(1 + e^x)) without a logarithm: n / (n + 2) with e = e^x and n = e (e + 2). */
abstract class mish {
  @inline static value(x: v128, e: v128): v128 {
    const two = f64x2.splat(2);
    const n = f64x2.mul(e, f64x2.add(e, two));
    return f64x2.div(f64x2.mul(x, n), f64x2.add(n, two));
  }
  /** Its slope, (n (n + 2) + 4 x e (1 + e)) / (n + 2)^2. */
  @inline static slope(x: v128, e: v128): v128 {
    const two = f64x2.splat(2);
    const n = f64x2.mul(e, f64x2.add(e, two));
    const d = f64x2.add(n, two);
    const rise = f64x2.mul(f64x2.mul(x, f64x2.splat(4)), F64x2.mad(e, e, e));
    return f64x2.div(F64x2.mad(n, d, rise), f64x2.mul(d, d));
  }
}

/** x tanh(ln(1 + e^x)) (Misra 2019). The exponential is computed in binary32, as two numbers, all else in binary64. */
class Mish implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    const v = f32x4.pmax(x, F32x4.at(MISH, 0));
    const t = f32x4.pmin(v, F32x4.at(MISH, 1));
    const octaves = math.octaves(t);
    const s = math.scaled(F32x4.at(MISH, 2), octaves);
    const q = math.expm1(math.reduce(t, octaves));
    return F32x4.narrow(
      mish.value(F32x4.low(v), F64x2.power(F32x4.low(s), F32x4.low(q))),
      mish.value(F32x4.high(v), F64x2.power(F32x4.high(s), F32x4.high(q))),
    );
  }
}
class MishSlope implements Binary {
  @inline apply(x: v128, g: v128, a: v128, b: v128): v128 {
    const t = f32x4.pmin(f32x4.pmax(x, F32x4.at(MISH, 0)), F32x4.at(MISH, 1));
    const octaves = math.octaves(t);
    const s = math.scaled(F32x4.at(MISH, 2), octaves);
    const q = math.expm1(math.reduce(t, octaves));
    const low = mish.slope(F32x4.low(t), F64x2.power(F32x4.low(s), F32x4.low(q)));
    const high = mish.slope(F32x4.high(t), F64x2.power(F32x4.high(s), F32x4.high(q)));
    return F32x4.narrow(f64x2.mul(F32x4.low(g), low), f64x2.mul(F32x4.high(g), high));
  }
}
export function mishForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Mish>(x, out, n, a, b);
}
export function mishBackward(x: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zipTwo<MishSlope>(x, g, out, n, a, b);
}

/** -3, 3, 6, 1/2 and 1. */
const HARD_SWISH: usize = memory.data<f32>([-3.0, 3.0, 6.0, 0.5, 1.0]);

/** x (min(max(x + 3, 0), 6) / 6) (Howard et al. 2019). In this order the product cannot overflow. */
class HardSwish implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    const t = f32x4.pmax(x, F32x4.at(HARD_SWISH, 0));
    const six = F32x4.at(HARD_SWISH, 2);
    return f32x4.mul(t, f32x4.div(f32x4.pmin(f32x4.add(t, F32x4.at(HARD_SWISH, 1)), six), six));
  }
}
/** 0 up to -3, x / 3 + 1/2 between, 1 from 3 on. */
class HardSwishSlope implements Binary {
  @inline apply(x: v128, g: v128, a: v128, b: v128): v128 {
    const three = F32x4.at(HARD_SWISH, 1);
    const inside = f32x4.add(f32x4.div(x, three), F32x4.at(HARD_SWISH, 3));
    const slope = v128.bitselect(F32x4.at(HARD_SWISH, 4), inside, f32x4.ge(x, three));
    return F32x4.masked(f32x4.mul(g, slope), f32x4.gt(x, F32x4.at(HARD_SWISH, 0)), x);
  }
}
export function hardSwishForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<HardSwish>(x, out, n, a, b);
}
export function hardSwishBackward(x: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<HardSwishSlope>(x, g, out, n, a, b);
}
