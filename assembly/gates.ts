// Gates: x times a share of it, one class without fields each. Formula, parameters and promise stand in the row of
// the same name in src/gates.ts. NaN propagates, forward and backward; a closed gate is a mask, so that an
// infinite g behind it is 0.

import { lane } from './lane';
import { math } from './math';
import { backward, forward, Pointwise } from './pointwise';
import { wide } from './wide';

/** 1 / sqrt(2 pi); sqrt(8/pi) and sqrt(8/pi) 0.044715, the factors of 2u. */
const GELU: usize = memory.data<f64>([0.3989422804014327, 1.5957691216057308, 0.07135481627260025]);

/** Phi(x) + x phi(x) */
function geluSlope(x: v128): v128 {
  const t = wide.bounded(x);
  const e = wide.bell(t);
  return f64x2.add(wide.phi(t, e), f64x2.mul(f64x2.mul(t, wide.at(GELU, 0)), e));
}

/** 2u = sqrt(8/pi) (x + 0.044715 x^3) */
function doubled(x: v128): v128 {
  return f64x2.mul(x, wide.mad(f64x2.mul(x, x), wide.at(GELU, 2), wide.at(GELU, 1)));
}

/** x / (1 + e^-2u), which is x (1 + tanh u) / 2. */
function geluTanh(x: v128): v128 {
  const t = wide.bounded(x);
  const share = f64x2.add(f64x2.splat(1), wide.exp(f64x2.neg(doubled(t))));
  return f64x2.div(v128.bitselect(x, t, f64x2.gt(x, f64x2.splat(0))), share);
}

/** s + x s (1 - s) (2u)' with s = 1 / (1 + e^-2u). */
function geluTanhSlope(x: v128): v128 {
  const t = wide.bounded(x);
  const one = f64x2.splat(1);
  const e = wide.exp(f64x2.neg(doubled(t)));
  const s = f64x2.div(one, f64x2.add(one, e));
  const inner = wide.mad(f64x2.mul(f64x2.mul(t, t), f64x2.splat(3)), wide.at(GELU, 2), wide.at(GELU, 1));
  // 1 - s as e s, which keeps its digits; where e has overflown, s is 0 and so is the product.
  return f64x2.add(s, f64x2.mul(f64x2.mul(t, s), f64x2.mul(f64x2.mul(e, s), inner)));
}

/** x Phi(x), Phi the normal distribution function (Hendrycks and Gimpel 2016). */
class Gelu implements Pointwise {
  @inline forward(x: v128, a: v128, b: v128): v128 {
    return lane.narrow(wide.gelu(lane.low(x)), wide.gelu(lane.high(x)));
  }
  @inline backward(x: v128, g: v128, a: v128, b: v128): v128 {
    const low = f64x2.mul(lane.low(g), geluSlope(lane.low(x)));
    return lane.narrow(low, f64x2.mul(lane.high(g), geluSlope(lane.high(x))));
  }
}

/** The same with tanh in place of the error function. */
class GeluTanh implements Pointwise {
  @inline forward(x: v128, a: v128, b: v128): v128 {
    return lane.narrow(geluTanh(lane.low(x)), geluTanh(lane.high(x)));
  }
  @inline backward(x: v128, g: v128, a: v128, b: v128): v128 {
    const low = f64x2.mul(lane.low(g), geluTanhSlope(lane.low(x)));
    return lane.narrow(low, f64x2.mul(lane.high(g), geluTanhSlope(lane.high(x))));
  }
}
/** a: 0 for the error function, 1 for tanh. */
export function geluForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  if (a != 0) forward<GeluTanh>(x, out, n, a, b);
  else forward<Gelu>(x, out, n, a, b);
}
export function geluBackward(x: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  if (a != 0) backward<GeluTanh>(x, g, out, n, a, b);
  else backward<Gelu>(x, g, out, n, a, b);
}

/** c = 2^-32; where x / (1 + e^-x) is 0, and where it is x; below 2^-64 it is x / 2. */
const SILU: usize = memory.data<f32>([
  2.3283064365386963e-10, -110.0, -60.0, 5.421010862427522e-20, 0.5, 1.0, 4294967296.0,
]);

/** x / (1 + e^-x), as c x / (c + c e^-x) with the sum in parts, as in Sigmoid: c x is exact but for the smallest. */
class Silu implements Pointwise {
  @inline forward(x: v128, a: v128, b: v128): v128 {
    const c = lane.at(SILU, 0);
    const v = f32x4.pmax(x, lane.at(SILU, 1));
    const t = f32x4.pmax(f32x4.neg(v), lane.at(SILU, 2));
    const octaves = math.octaves(t);
    const q = math.expm1(math.reduce(t, octaves));
    const y = f32x4.div(f32x4.mul(v, c), math.sum(c, math.scaled(c, octaves), q));
    return v128.bitselect(f32x4.mul(x, lane.at(SILU, 4)), y, f32x4.lt(f32x4.abs(x), lane.at(SILU, 3)));
  }
  /** g s (1 + x r) with s = c / (c + c e^-x) and r = 1 - s, which for x > 0 is e^-x s with all its digits. */
  @inline backward(x: v128, g: v128, a: v128, b: v128): v128 {
    const c = lane.at(SILU, 0);
    const one = lane.at(SILU, 5);
    // From 60 on s is 1 and x r is 0, also where x is infinite.
    const v = f32x4.pmin(f32x4.pmax(x, lane.at(SILU, 1)), f32x4.neg(lane.at(SILU, 2)));
    const t = f32x4.neg(v);
    const octaves = math.octaves(t);
    const q = math.expm1(math.reduce(t, octaves));
    const p = math.scaled(c, octaves);
    const s = f32x4.div(c, math.sum(c, p, q));
    const above = f32x4.mul(f32x4.mul(lane.mad(p, q, p), lane.at(SILU, 6)), s);
    const r = v128.bitselect(above, f32x4.sub(one, s), f32x4.gt(x, f32x4.splat(0)));
    return f32x4.mul(g, f32x4.mul(s, lane.mad(v, r, one)));
  }
}
export function siluForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  forward<Silu>(x, out, n, a, b);
}
export function siluBackward(x: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  backward<Silu>(x, g, out, n, a, b);
}

/** Where mish is 0, and where it is x, in binary32. */
const MISH: usize = memory.data<f64>([-120.0, 40.0]);

/** x n / (n + 2) with n = e^x (e^x + 2): tanh(ln(1 + e^x)) without its logarithm. */
function mish(x: v128): v128 {
  const t = f64x2.pmax(x, wide.at(MISH, 0));
  const e = wide.exp(f64x2.pmin(t, wide.at(MISH, 1)));
  const two = f64x2.splat(2);
  const n = f64x2.mul(e, f64x2.add(e, two));
  return f64x2.mul(t, f64x2.div(n, f64x2.add(n, two)));
}

/** With w = tanh(ln(1 + e^x)) = n / (n + 2): w + x w', w' = 4 e (1 + e) / (n + 2)^2. */
function mishSlope(x: v128): v128 {
  const t = f64x2.pmin(f64x2.pmax(x, wide.at(MISH, 0)), wide.at(MISH, 1));
  const e = wide.exp(t);
  const two = f64x2.splat(2);
  const n = f64x2.mul(e, f64x2.add(e, two));
  const d = f64x2.add(n, two);
  const rise = f64x2.mul(f64x2.mul(e, f64x2.add(e, f64x2.splat(1))), f64x2.splat(4));
  return f64x2.add(f64x2.div(n, d), f64x2.mul(t, f64x2.div(rise, f64x2.mul(d, d))));
}

/** x tanh(ln(1 + e^x)) (Misra 2019) */
class Mish implements Pointwise {
  @inline forward(x: v128, a: v128, b: v128): v128 {
    return lane.narrow(mish(lane.low(x)), mish(lane.high(x)));
  }
  @inline backward(x: v128, g: v128, a: v128, b: v128): v128 {
    const low = f64x2.mul(lane.low(g), mishSlope(lane.low(x)));
    return lane.narrow(low, f64x2.mul(lane.high(g), mishSlope(lane.high(x))));
  }
}
export function mishForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  forward<Mish>(x, out, n, a, b);
}
export function mishBackward(x: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  backward<Mish>(x, g, out, n, a, b);
}

/** x min(max(x + 3, 0), 6) / 6 */
function hardSwish(x: v128): v128 {
  const three = f64x2.splat(3);
  const t = f64x2.pmax(x, f64x2.neg(three));
  const six = f64x2.splat(6);
  return f64x2.div(f64x2.mul(t, f64x2.pmin(f64x2.add(t, three), six)), six);
}

/** 0 up to -3, x / 3 + 1/2 between, 1 from 3 on. */
function hardSwishSlope(x: v128): v128 {
  const three = f64x2.splat(3);
  const inside = f64x2.add(f64x2.div(x, three), f64x2.splat(0.5));
  const above = v128.bitselect(f64x2.splat(1), inside, f64x2.ge(x, three));
  return v128.andnot(above, f64x2.le(x, f64x2.neg(three)));
}

/** x min(max(x + 3, 0), 6) / 6 (Howard et al. 2019) */
class HardSwish implements Pointwise {
  @inline forward(x: v128, a: v128, b: v128): v128 {
    return lane.narrow(hardSwish(lane.low(x)), hardSwish(lane.high(x)));
  }
  @inline backward(x: v128, g: v128, a: v128, b: v128): v128 {
    const low = f64x2.mul(lane.low(g), hardSwishSlope(lane.low(x)));
    const dx = lane.narrow(low, f64x2.mul(lane.high(g), hardSwishSlope(lane.high(x))));
    return lane.masked(dx, f32x4.gt(x, f32x4.splat(-3)), x);
  }
}
export function hardSwishForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  forward<HardSwish>(x, out, n, a, b);
}
export function hardSwishBackward(x: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  backward<HardSwish>(x, g, out, n, a, b);
}
