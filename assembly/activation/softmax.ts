// Softmax, log-softmax and log-sum-exp of rows of n contiguous values. The largest value of a row is subtracted first, and
// sums are in binary64, so that the length of a row costs no accuracy. A row with NaN or +infinity, or with -infinity only, has
// no softmax and becomes NaN.

import { F32x4, VECTOR } from '../f32';
import { log64, math } from '../math';
import { scratch, TAIL } from '../scratch';

/** The last 1 to 3 values of a row (`bytes` bytes at p) as a vector padded with `pad`. `slot` is an offset in the scratch. */
function padded(p: usize, bytes: usize, slot: usize, pad: f32): v128 {
  v128.store(scratch + TAIL + slot, f32x4.splat(pad));
  memory.copy(scratch + TAIL + slot, p, bytes);
  return v128.load(scratch + TAIL + slot);
}

const FOUR: usize = 4 * VECTOR;

/** The largest value of a row; NaN if the row has NaN. Four partial maxima, so that comparisons do not wait for each other. */
export function rowMax(x: usize, n: usize): f32 {
  let top = f32x4.splat(-Infinity);
  let top1 = top;
  let top2 = top;
  let top3 = top;
  for (const end = x + ((n & ~15) << 2); x < end; x += FOUR) {
    top = f32x4.max(top, v128.load(x));
    top1 = f32x4.max(top1, v128.load(x, 16));
    top2 = f32x4.max(top2, v128.load(x, 32));
    top3 = f32x4.max(top3, v128.load(x, 48));
  }
  top = f32x4.max(f32x4.max(top, top1), f32x4.max(top2, top3));
  for (const end = x + ((n & 12) << 2); x < end; x += VECTOR) top = f32x4.max(top, v128.load(x));
  const rest = (n & 3) << 2;
  if (rest) top = f32x4.max(top, padded(x, rest, 0, -Infinity));
  return F32x4.max(top);
}

/** Four lanes added in binary64 to two: 0 + 2, 1 + 3. */
function promotedSum(x: v128): v128 {
  return f64x2.add(F32x4.low(x), F32x4.high(x));
}

/**
 * Writes e^(x - top) to out, unless out is 0, and returns the sum over the row. Four vectors in each iteration: 579 million
 * values a second, with one vector 348 million.
 */
export function rowExp(x: usize, top: f32, out: usize, n: usize): f64 {
  const t = f32x4.splat(top);
  const rest = (n & 3) << 2;
  let sum = f64x2.splat(0);
  for (const end = x + ((n & ~15) << 2); x < end; x += FOUR) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const x2 = v128.load(x, 32);
    const x3 = v128.load(x, 48);
    const e0 = math.expDifference(x0, t);
    const e1 = math.expDifference(x1, t);
    const e2 = math.expDifference(x2, t);
    const e3 = math.expDifference(x3, t);
    sum = f64x2.add(
      sum,
      f64x2.add(f64x2.add(promotedSum(e0), promotedSum(e1)), f64x2.add(promotedSum(e2), promotedSum(e3))),
    );
    if (out == 0) continue;
    v128.store(out, e0);
    v128.store(out, e1, 16);
    v128.store(out, e2, 32);
    v128.store(out, e3, 48);
    out += FOUR;
  }
  for (const end = x + ((n & 15) << 2), full = end - rest; x < end; x += VECTOR) {
    const whole = x < full;
    const e = math.expDifference(whole ? v128.load(x) : padded(x, rest, 0, -Infinity), t);
    sum = f64x2.add(sum, promotedSum(e));
    if (out == 0) continue;
    if (whole) v128.store(out, e);
    else {
      v128.store(scratch + TAIL, e);
      memory.copy(out, scratch + TAIL, rest);
    }
    out += VECTOR;
  }
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** y = e^x / sum of e^x. The factor 1 / sum is applied in binary64, which saves two roundings: 1.6 ulp instead of 2.1. */
export function softmaxForward(x: usize, y: usize, rows: usize, n: usize): void {
  const row = n << 2;
  for (const end = x + rows * row; x < end; x += row, y += row) {
    const inverse = 1 / rowExp(x, rowMax(x, n), y, n);
    const inverses = f64x2.splat(inverse);
    let p = y;
    for (const stop = y + ((n & ~3) << 2); p < stop; p += VECTOR) {
      const e = v128.load(p);
      v128.store(p, F32x4.narrow(f64x2.mul(F32x4.low(e), inverses), f64x2.mul(F32x4.high(e), inverses)));
    }
    for (const stop = y + row; p < stop; p += 4) store<f32>(p, <f32>(<f64>load<f32>(p) * inverse));
  }
}

/** dx = y (g - sum of g y) */
export function softmaxBackward(y: usize, g: usize, dx: usize, rows: usize, n: usize): void {
  const row = n << 2;
  const full = (n & ~3) << 2;
  for (const end = y + rows * row; y < end; y += row, g += row, dx += row) {
    let sums = f64x2.splat(0);
    let i: usize = 0;
    for (; i < full; i += VECTOR) {
      const a = v128.load(y + i);
      const b = v128.load(g + i);
      const low = f64x2.mul(F32x4.low(a), F32x4.low(b));
      sums = f64x2.add(sums, f64x2.add(low, f64x2.mul(F32x4.high(a), F32x4.high(b))));
    }
    let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    for (; i < row; i += 4) sum += <f64>load<f32>(y + i) * <f64>load<f32>(g + i);
    sums = f64x2.splat(sum);
    for (i = 0; i < full; i += VECTOR) {
      const a = v128.load(y + i);
      const b = v128.load(g + i);
      const low = f64x2.mul(F32x4.low(a), f64x2.sub(F32x4.low(b), sums));
      v128.store(dx + i, F32x4.narrow(low, f64x2.mul(F32x4.high(a), f64x2.sub(F32x4.high(b), sums))));
    }
    for (; i < row; i += 4) store<f32>(dx + i, <f32>(<f64>load<f32>(y + i) * (<f64>load<f32>(g + i) - sum)));
  }
}

/** ln of the sum of e^(x - top), in binary64. Callers add or subtract top themselves, so that large x lose no digits. */
export function rowLogSum(x: usize, top: f32, n: usize): f64 {
  return log64(rowExp(x, top, 0, n));
}

/** y = x - top - ln of the sum of e^(x - top) */
export function logSoftmaxForward(x: usize, y: usize, rows: usize, n: usize): void {
  const row = n << 2;
  const full = (n & ~3) << 2;
  for (const end = x + rows * row; x < end; x += row, y += row) {
    const top = rowMax(x, n);
    const sum = rowLogSum(x, top, n);
    const tops = f64x2.splat(<f64>top);
    const sums = f64x2.splat(sum);
    let i: usize = 0;
    for (; i < full; i += VECTOR) {
      const a = v128.load(x + i);
      const low = f64x2.sub(f64x2.sub(F32x4.low(a), tops), sums);
      v128.store(y + i, F32x4.narrow(low, f64x2.sub(f64x2.sub(F32x4.high(a), tops), sums)));
    }
    for (; i < row; i += 4) store<f32>(y + i, <f32>(<f64>load<f32>(x + i) - <f64>top - sum));
  }
}

/** dx = g - e^y sum of g */
export function logSoftmaxBackward(y: usize, g: usize, dx: usize, rows: usize, n: usize): void {
  const row = n << 2;
  const full = (n & ~3) << 2;
  for (const end = y + rows * row; y < end; y += row, g += row, dx += row) {
    let sums = f64x2.splat(0);
    let k: usize = 0;
    for (; k < full; k += VECTOR) sums = f64x2.add(sums, promotedSum(v128.load(g + k)));
    let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    for (; k < row; k += 4) sum += <f64>load<f32>(g + k);
    const s = f32x4.splat(<f32>sum);
    for (let i: usize = 0; i < row; i += VECTOR) {
      const whole = i < full;
      const e = math.expNegative(whole ? v128.load(y + i) : padded(y + i, row - full, 0, 0));
      const d = f32x4.sub(whole ? v128.load(g + i) : padded(g + i, row - full, VECTOR, 0), f32x4.mul(e, s));
      if (whole) v128.store(dx + i, d);
      else {
        v128.store(scratch + TAIL, d);
        memory.copy(dx + i, scratch + TAIL, row - full);
      }
    }
  }
}

/** y = ln of the sum of e^x, one value for each row. */
export function logSumExpForward(x: usize, y: usize, rows: usize, n: usize): void {
  for (let r: usize = 0; r < rows; r++, x += n << 2, y += 4) {
    const top = rowMax(x, n);
    // A row with -Infinity only, or with Infinity, has no softmax, but a sum: 0 or Infinity. Its ln is top itself.
    store<f32>(y, abs(top) == Infinity ? top : <f32>(<f64>top + rowLogSum(x, top, n)));
  }
}

/** dx = g softmax(x), with one value g for each row. */
export function logSumExpBackward(x: usize, g: usize, dx: usize, rows: usize, n: usize): void {
  softmaxForward(x, dx, rows, n);
  const row = n << 2;
  for (const end = dx + rows * row; dx < end; dx += row, g += 4) {
    for (let i: usize = 0; i < row; i += 4) store<f32>(dx + i, load<f32>(dx + i) * load<f32>(g));
  }
}
