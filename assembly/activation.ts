// The activations, one class without fields each. Formula, parameters and promise stand in the row of the
// same name in src/activation.ts. At a kink the slope is the left one (relu'(0) = 0, leakyRelu'(0) = slope),
// as in PyTorch, TensorFlow and JAX; NaN propagates, forward and backward.

import { lane } from './lane';
import { math } from './math';
import { backward, forward, Pointwise } from './pointwise';

const ONE: usize = memory.data<f32>([1.0, -2.0]);

/** max(x, 0) */
class Relu implements Pointwise {
  @inline forward(x: v128, a: v128, b: v128): v128 {
    return f32x4.pmax(x, f32x4.splat(0));
  }
  /** A mask, not a product: an infinite g behind a closed gate is 0. The second mask keeps NaN. */
  @inline backward(y: v128, g: v128, a: v128, b: v128): v128 {
    return v128.or(v128.and(g, f32x4.gt(y, f32x4.splat(0))), f32x4.ne(y, y));
  }
}
export function reluForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  forward<Relu>(x, out, n, a, b);
}
export function reluBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  backward<Relu>(y, g, out, n, a, b);
}

/** x > 0 ? x : a x */
class LeakyRelu implements Pointwise {
  @inline forward(x: v128, a: v128, b: v128): v128 {
    return v128.bitselect(x, f32x4.mul(x, a), f32x4.gt(x, f32x4.splat(0)));
  }
  @inline backward(y: v128, g: v128, a: v128, b: v128): v128 {
    return v128.or(v128.bitselect(g, f32x4.mul(g, a), f32x4.gt(y, f32x4.splat(0))), f32x4.ne(y, y));
  }
}
export function leakyReluForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  forward<LeakyRelu>(x, out, n, a, b);
}
export function leakyReluBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  backward<LeakyRelu>(y, g, out, n, a, b);
}

/** c = 2^-32; where 1 + e^-x is 1, and where 1 / (1 + e^-x) is 0. */
const SIGMOID: usize = memory.data<f32>([2.3283064365386963e-10, -60.0, 104.0]);

/**
 * 1 / (1 + e^-x) as c / (c + c e^-x), with c e^-x = s + s q, s a power of two. c + s is exact while it
 * matters, so that the sum is rounded once; c = 2^-32 keeps e^104 in range, and with it the subnormal results.
 * (Choosing between 1/(1+e) and e/(1+e) with e = e^-|x| costs three operations more and reached 2.3 ulp.)
 */
class Sigmoid implements Pointwise {
  @inline forward(x: v128, a: v128, b: v128): v128 {
    const c = lane.at(SIGMOID, 0);
    const t = f32x4.pmin(f32x4.pmax(f32x4.neg(x), lane.at(SIGMOID, 1)), lane.at(SIGMOID, 2));
    const octaves = math.octaves(t);
    const q = math.expm1(math.reduce(t, octaves));
    const s = math.scaled(c, octaves);
    const h = f32x4.add(c, s);
    const l = f32x4.sub(c, f32x4.sub(h, s));
    return f32x4.div(c, f32x4.add(lane.mad(s, q, l), h));
  }
  /** g y (1 - y) */
  @inline backward(y: v128, g: v128, a: v128, b: v128): v128 {
    return f32x4.mul(g, f32x4.mul(y, f32x4.sub(lane.at(ONE, 0), y)));
  }
}
export function sigmoidForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  forward<Sigmoid>(x, out, n, a, b);
}
export function sigmoidBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  backward<Sigmoid>(y, g, out, n, a, b);
}

/** Beyond 9.25 tanh is 1: e^-18.5 is less than half an ulp. */
const TANH: usize = memory.data<f32>([-18.5]);

/**
 * (1 - E) / (1 + E) with E = e^(-2|x|) = s + s q, s a power of two; then the sign of x. s - 1 and s + 1 are
 * exact, so that numerator and denominator are each rounded once (-e / (2 + e), from e = E - 1, reached 2.5 ulp).
 */
class Tanh implements Pointwise {
  @inline forward(x: v128, a: v128, b: v128): v128 {
    const one = lane.at(ONE, 0);
    const t = f32x4.pmax(f32x4.mul(f32x4.abs(x), lane.at(ONE, 1)), lane.at(TANH, 0));
    const octaves = math.octaves(t);
    const q = math.expm1(math.reduce(t, octaves));
    const s = math.scaled(one, octaves);
    const sq = f32x4.mul(s, q);
    const y = f32x4.div(f32x4.add(sq, f32x4.sub(s, one)), f32x4.add(sq, f32x4.add(s, one)));
    return v128.bitselect(x, y, lane.sign());
  }
  /** g (1 - y^2), as (1 - y)(1 + y): 1 - y is exact where it is small. */
  @inline backward(y: v128, g: v128, a: v128, b: v128): v128 {
    const one = lane.at(ONE, 0);
    return f32x4.mul(g, f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y)));
  }
}
export function tanhForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  forward<Tanh>(x, out, n, a, b);
}
export function tanhBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  backward<Tanh>(y, g, out, n, a, b);
}
