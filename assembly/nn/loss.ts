// Losses and their gradients. Cross-entropy is a function of a row; the others are functions of one output and its target.

import { rowExp, rowLogSum, rowMax } from '../activation/softmax';
import { F32x4, VECTOR } from '../f32';
import { F64x2 } from '../f64';
import { log64 } from '../math';
import { Binary, zip, zipTwo } from '../pointwise';
import { SHARE, scratch } from '../scratch';

/** The weight of class k; 1 where weights is 0. */
function weightOf(weights: usize, k: usize): f64 {
  return weights ? <f64>load<f32>(weights + (k << 2)) : 1;
}

/**
 * The target of class k is its weight times smoothing / n, plus, for the label, its weight times 1 - smoothing. Returns the sum
 * of target times x - top, and stores the sum of targets in SHARE. A row's loss is SHARE ln(sum of e^(x - top)) - this.
 */
function targetSum(weights: usize, x: usize, label: usize, n: usize, top: f32, smoothing: f64): f64 {
  let share: f64 = 0;
  let sum: f64 = 0;
  // Without smoothing only the label has a target. Where there is none, x may be infinite.
  const first: usize = smoothing > 0 ? 0 : label;
  const end: usize = smoothing > 0 ? n : label + 1;
  for (let k = first; k < end; k++) {
    let w = smoothing / <f64>n;
    if (k == label) w += 1 - smoothing;
    w *= weightOf(weights, k);
    if (w == 0) continue;
    share += w;
    sum += w * (<f64>load<f32>(x + (k << 2)) - <f64>top);
  }
  store<f64>(scratch + SHARE, share);
  return sum;
}

/**
 * `total` plus the cross-entropy of rows of n logits, added row by row. Labels are u32; a row whose label is n or more does not
 * count. The running total is an argument, so that its bits do not depend on how rows are divided into calls.
 */
export function crossEntropyForward(
  weights: usize,
  x: usize,
  labels: usize,
  rows: usize,
  n: usize,
  smoothing: f64,
  total: f64,
): f64 {
  const row = n << 2;
  for (const end = x + rows * row; x < end; x += row, labels += 4) {
    const label = <usize>load<u32>(labels);
    if (label >= n) continue;
    const top = rowMax(x, n);
    const targets = targetSum(weights, x, label, n, top, smoothing);
    total += load<f64>(scratch + SHARE) * rowLogSum(x, top, n) - targets;
  }
  return total;
}

/** The same sum from 0, and dx = scale (SHARE softmax x - target). dx may be x. */
export function crossEntropyBackward(
  weights: usize,
  x: usize,
  labels: usize,
  dx: usize,
  rows: usize,
  n: usize,
  smoothing: f64,
  scale: f64,
): f64 {
  const row = n << 2;
  let total: f64 = 0;
  for (const end = x + rows * row; x < end; x += row, dx += row, labels += 4) {
    const label = <usize>load<u32>(labels);
    if (label >= n) {
      memory.fill(dx, 0, row);
      continue;
    }
    const top = rowMax(x, n);
    const targets = targetSum(weights, x, label, n, top, smoothing); // before dx is written, which may be x
    const share = load<f64>(scratch + SHARE);
    const sum = rowExp(x, top, dx, n);
    total += share * log64(sum) - targets;
    const s = f32x4.splat(<f32>((scale * share) / sum));
    let p = dx;
    for (const full = dx + ((n & ~3) << 2); p < full; p += VECTOR) v128.store(p, f32x4.mul(v128.load(p), s));
    for (const stop = dx + row; p < stop; p += 4) store<f32>(p, load<f32>(p) * f32x4.extract_lane(s, 0));
    if (smoothing > 0) {
      const target = (scale * smoothing) / <f64>n;
      for (let k: usize = 0; k < n; k++) {
        const at = dx + (k << 2);
        store<f32>(at, load<f32>(at) - <f32>(target * weightOf(weights, k)));
      }
    }
    const at = dx + (label << 2);
    store<f32>(at, load<f32>(at) - <f32>(scale * (1 - smoothing) * weightOf(weights, label)));
  }
  return total;
}

/** (x - t)^2, and b times its slope 2 (x - t). */
class SquaredError implements Binary {
  @inline apply(x: v128, t: v128, a: v128, b: v128): v128 {
    const d = f32x4.sub(x, t);
    return f32x4.mul(d, d);
  }
}
class SquaredErrorSlope implements Binary {
  @inline apply(x: v128, t: v128, a: v128, b: v128): v128 {
    return f32x4.mul(f32x4.sub(x, t), f32x4.add(b, b));
  }
}
export function meanSquaredErrorForward(x: usize, t: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<SquaredError>(x, t, out, n, a, b);
}
export function meanSquaredErrorBackward(x: usize, t: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<SquaredErrorSlope>(x, t, out, n, a, b);
}

/** |x - t|, and b times its slope, the sign of x - t. */
class AbsoluteError implements Binary {
  @inline apply(x: v128, t: v128, a: v128, b: v128): v128 {
    return f32x4.abs(f32x4.sub(x, t));
  }
}
class AbsoluteErrorSlope implements Binary {
  @inline apply(x: v128, t: v128, a: v128, b: v128): v128 {
    const d = f32x4.sub(x, t);
    return F32x4.masked(v128.bitselect(d, b, F32x4.sign()), f32x4.ne(d, f32x4.splat(0)), d);
  }
}
export function meanAbsoluteErrorForward(x: usize, t: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<AbsoluteError>(x, t, out, n, a, b);
}
export function meanAbsoluteErrorBackward(x: usize, t: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<AbsoluteErrorSlope>(x, t, out, n, a, b);
}

/** d^2 / 2 where |d| = |x - t| is at most a, else a (|d| - a / 2); b times its slope, which is d between -a and a. */
class Huber implements Binary {
  @inline apply(x: v128, t: v128, a: v128, b: v128): v128 {
    const d = f32x4.abs(f32x4.sub(x, t));
    const m = f32x4.pmin(d, a);
    return f32x4.mul(m, f32x4.sub(d, f32x4.mul(m, f32x4.splat(0.5))));
  }
}
class HuberSlope implements Binary {
  @inline apply(x: v128, t: v128, a: v128, b: v128): v128 {
    const d = f32x4.sub(x, t);
    return f32x4.mul(v128.bitselect(d, f32x4.pmin(f32x4.abs(d), a), F32x4.sign()), b);
  }
}
export function huberForward(x: usize, t: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<Huber>(x, t, out, n, a, b);
}
export function huberBackward(x: usize, t: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<HuberSlope>(x, t, out, n, a, b);
}

/** Infinite logits are clamped to this, which is beyond every binary32 and finite, so that times 0 it is 0. */
const HUGE: usize = memory.data<f64>([1e300]);

/**
 * (1 - t) ln(1 + e^x) + a t ln(1 + e^-x), where a is the weight of positive targets; b times its slope
 * (1 - t) s(x) - a t s(-x). (PyTorch's (1 - t) x + (1 + (a - 1) t) ln(1 + e^-x) is a difference of near equals far below 0.)
 */
class BinaryCrossEntropy implements Binary {
  @inline apply(x: v128, t: v128, a: v128, b: v128): v128 {
    const low = binaryCrossEntropy(F32x4.low(x), F32x4.low(t), F32x4.low(a));
    return F32x4.narrow(low, binaryCrossEntropy(F32x4.high(x), F32x4.high(t), F32x4.low(a)));
  }
}
class BinaryCrossEntropySlope implements Binary {
  @inline apply(x: v128, t: v128, a: v128, b: v128): v128 {
    const low = f64x2.mul(binaryCrossEntropySlope(F32x4.low(x), F32x4.low(t), F32x4.low(a)), F32x4.low(b));
    return F32x4.narrow(
      low,
      f64x2.mul(binaryCrossEntropySlope(F32x4.high(x), F32x4.high(t), F32x4.low(a)), F32x4.low(b)),
    );
  }
}
/** Both logarithms come from ln(1 + e^-|x|): ln(1 + e^x) = ln(1 + e^-x) + x. */
function binaryCrossEntropy(x: v128, t: v128, a: v128): v128 {
  const huge = F64x2.at(HUGE, 0);
  const zero = f64x2.splat(0);
  const clamped = f64x2.pmin(f64x2.pmax(x, f64x2.neg(huge)), huge);
  const smaller = F64x2.log1p(F64x2.exp(f64x2.neg(f64x2.abs(clamped))));
  const ofX = f64x2.add(f64x2.pmax(clamped, zero), smaller);
  const ofMinusX = f64x2.add(f64x2.pmax(f64x2.neg(clamped), zero), smaller);
  return F64x2.mad(f64x2.sub(f64x2.splat(1), t), ofX, f64x2.mul(f64x2.mul(a, t), ofMinusX));
}
function binaryCrossEntropySlope(x: v128, t: v128, a: v128): v128 {
  const one = f64x2.splat(1);
  const e = F64x2.exp(f64x2.neg(x));
  const s = f64x2.div(one, f64x2.add(one, e));
  return f64x2.sub(f64x2.mul(f64x2.sub(one, t), s), f64x2.mul(f64x2.mul(a, t), f64x2.mul(e, s)));
}
export function binaryCrossEntropyForward(x: usize, t: usize, out: usize, n: usize, a: f32, b: f32): void {
  zipTwo<BinaryCrossEntropy>(x, t, out, n, a, b);
}
export function binaryCrossEntropyBackward(x: usize, t: usize, out: usize, n: usize, a: f32, b: f32): void {
  zipTwo<BinaryCrossEntropySlope>(x, t, out, n, a, b);
}
