// Gated linear units: a row is two halves, a value and a gate, and y = value f(gate) (Dauphin et al. 2017 with the
// sigmoid, Shazeer 2020 with silu and gelu). In two binary64 lanes, rounded once.

import { F32x4 } from '../f32';
import { F64x2 } from '../f64';
import { Binary, zip, zipTwo } from '../pointwise';
import { geluBackward, geluForward, siluBackward } from './gates';

/** value / (1 + e^-gate) */
class Glu implements Binary {
  @inline apply(gate: v128, value: v128, a: v128, b: v128): v128 {
    const low = f64x2.mul(F32x4.low(value), F64x2.logistic(F32x4.low(gate)));
    return F32x4.narrow(low, f64x2.mul(F32x4.high(value), F64x2.logistic(F32x4.high(gate))));
  }
}
class Swiglu implements Binary {
  @inline apply(gate: v128, value: v128, a: v128, b: v128): v128 {
    const low = f64x2.mul(F32x4.low(value), F64x2.silu(F32x4.low(gate)));
    return F32x4.narrow(low, f64x2.mul(F32x4.high(value), F64x2.silu(F32x4.high(gate))));
  }
}
/** s (1 - s) with s = 1 / (1 + e^-x), 1 - s as e^-x s, which keeps its digits. */
function logisticSlope(x: v128): v128 {
  const e = F64x2.exp(f64x2.neg(x));
  const s = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), e));
  return f64x2.mul(s, f64x2.mul(e, s));
}
class GluSlope implements Binary {
  @inline apply(x: v128, g: v128, a: v128, b: v128): v128 {
    const low = f64x2.mul(F32x4.low(g), logisticSlope(F32x4.low(x)));
    return F32x4.narrow(low, f64x2.mul(F32x4.high(g), logisticSlope(F32x4.high(x))));
  }
}

class Product implements Binary {
  @inline apply(x: v128, g: v128, a: v128, b: v128): v128 {
    return f32x4.mul(x, g);
  }
}

/** out = value f(gate); f: 0 sigmoid, 1 silu, 2 gelu. out is apart from both. */
function gated(gate: usize, value: usize, out: usize, n: usize, f: i32): void {
  if (f == 0) zipTwo<Glu>(gate, value, out, n, 0, 0);
  else if (f == 1) zipTwo<Swiglu>(gate, value, out, n, 0, 0);
  else {
    geluForward(gate, out, n, 0, 0);
    zip<Product>(value, out, out, n, 0, 0);
  }
}

/** Rows of 2n values become rows of n. first: whether the gate is the first half. */
export function gluForward(x: usize, out: usize, rows: usize, n: usize, f: i32, first: usize): void {
  const half = n << 2;
  for (let r: usize = 0; r < rows; r++, x += 2 * half, out += half)
    gated(x + (1 - first) * half, x + first * half, out, n, f);
}

/** The gradients by both halves: g f(gate), and g value f'(gate) with g value rounded once. dx is apart from x. */
export function gluBackward(x: usize, g: usize, dx: usize, rows: usize, n: usize, f: i32, first: usize): void {
  const half = n << 2;
  for (let r: usize = 0; r < rows; r++, x += 2 * half, g += half, dx += 2 * half) {
    const gate = x + (1 - first) * half;
    const out = dx + (1 - first) * half;
    gated(gate, g, dx + first * half, n, f);
    zip<Product>(x + first * half, g, out, n, 0, 0);
    if (f == 0) zipTwo<GluSlope>(gate, out, out, n, 0, 0);
    else if (f == 1) siluBackward(gate, out, out, n, 0, 0);
    else geluBackward(gate, out, out, n, 0, 0);
  }
}
