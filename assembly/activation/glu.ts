// Gated linear units: the halves of a row are a value and a gate, and y = value f(gate). f is the sigmoid (Dauphin et al.
// 2017), silu or gelu (Shazeer 2020). Computed in binary64 and rounded once.

import { F32x4 } from '../f32';
import { F64x2 } from '../f64';
import { Binary, zip, zipTwo } from '../pointwise';
import { geluBackward, geluForward, siluBackward } from './gates';

// What the kernels are passed as f. src/activation/glu.ts reads these.
export const GLU: i32 = 0;
export const SWIGLU: i32 = 1;
export const GEGLU: i32 = 2;

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
/** s (1 - s) with s = 1 / (1 + e^-x). 1 - s is computed as e^-x s, to lose no digits. */
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

/** out = value f(gate). out overlaps neither. */
function gated(gate: usize, value: usize, out: usize, n: usize, f: i32): void {
  if (f == GLU) zipTwo<Glu>(gate, value, out, n, 0, 0);
  else if (f == SWIGLU) zipTwo<Swiglu>(gate, value, out, n, 0, 0);
  else {
    geluForward(gate, out, n, 0, 0);
    zip<Product>(value, out, out, n, 0, 0);
  }
}

/** y for rows of 2n values, n a row. gateFirst: 1 where the gate is the first half, else 0. */
export function gluForward(x: usize, out: usize, rows: usize, n: usize, f: i32, gateFirst: usize): void {
  const half = n << 2;
  for (let r: usize = 0; r < rows; r++, x += 2 * half, out += half)
    gated(x + (1 - gateFirst) * half, x + gateFirst * half, out, n, f);
}

/** dx: g f(gate) for the value, g value f'(gate) for the gate, with g value rounded once. dx does not overlap x. */
export function gluBackward(x: usize, g: usize, dx: usize, rows: usize, n: usize, f: i32, gateFirst: usize): void {
  const half = n << 2;
  for (let r: usize = 0; r < rows; r++, x += 2 * half, g += half, dx += 2 * half) {
    const gate = x + (1 - gateFirst) * half;
    const out = dx + (1 - gateFirst) * half;
    gated(gate, g, dx + gateFirst * half, n, f);
    zip<Product>(x + gateFirst * half, g, out, n, 0, 0);
    if (f == GLU) zipTwo<GluSlope>(gate, out, out, n, 0, 0);
    else if (f == SWIGLU) siluBackward(gate, out, out, n, 0, 0);
    else geluBackward(gate, out, out, n, 0, 0);
  }
}
