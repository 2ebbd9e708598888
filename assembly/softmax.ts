// Softmax and its kin, row by row: a row is n contiguous values. The largest value is taken off first, sums
// are kept in binary64, so that the length of a row costs no accuracy. A row with NaN or +infinity, or of
// -infinity alone, has no softmax and becomes NaN.

import { lane, TAIL, VECTOR } from './lane';
import { math } from './math';

/** The last 1 to 3 values of a row as a vector, filled up with `pad`. */
function padded(p: usize, rest: usize, slot: usize, pad: f32): v128 {
  v128.store(TAIL + slot, f32x4.splat(pad));
  memory.copy(TAIL + slot, p, rest);
  return v128.load(TAIL + slot);
}

/** The largest value of a row; NaN if it holds one. */
export function rowMax(x: usize, n: usize): f32 {
  let top = f32x4.splat(-Infinity);
  for (const end = x + ((n & ~3) << 2); x < end; x += VECTOR) top = f32x4.max(top, v128.load(x));
  const rest = (n & 3) << 2;
  if (rest) top = f32x4.max(top, padded(x, rest, 0, -Infinity));
  return lane.max(top);
}

/** out = e^(x - top), and the sum of it. */
export function rowExp(x: usize, top: f32, out: usize, n: usize): f64 {
  const t = f32x4.splat(top);
  let sum = f64x2.splat(0);
  for (const end = x + ((n & ~3) << 2); x < end; x += VECTOR, out += VECTOR) {
    const e = math.expDifference(v128.load(x), t);
    v128.store(out, e);
    sum = f64x2.add(sum, f64x2.add(lane.low(e), lane.high(e)));
  }
  const rest = (n & 3) << 2;
  if (rest) {
    const e = math.expDifference(padded(x, rest, 0, -Infinity), t);
    sum = f64x2.add(sum, f64x2.add(lane.low(e), lane.high(e)));
    v128.store(TAIL, e);
    memory.copy(out, TAIL, rest);
  }
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** The sum of e^(x - top), nothing written. */
export function rowSumExp(x: usize, top: f32, n: usize): f64 {
  const t = f32x4.splat(top);
  let sum = f64x2.splat(0);
  for (const end = x + ((n & ~3) << 2); x < end; x += VECTOR) {
    const e = math.expDifference(v128.load(x), t);
    sum = f64x2.add(sum, f64x2.add(lane.low(e), lane.high(e)));
  }
  const rest = (n & 3) << 2;
  if (rest) {
    const e = math.expDifference(padded(x, rest, 0, -Infinity), t);
    sum = f64x2.add(sum, f64x2.add(lane.low(e), lane.high(e)));
  }
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** y = e^x / sum of e^x. The quotient is taken in binary64: two roundings less, 1.6 instead of 2.1 ulp. */
export function softmaxForward(x: usize, y: usize, rows: usize, n: usize): void {
  const row = n << 2;
  for (const end = x + rows * row; x < end; x += row, y += row) {
    const share = 1 / rowExp(x, rowMax(x, n), y, n);
    const shares = f64x2.splat(share);
    let p = y;
    for (const stop = y + ((n & ~3) << 2); p < stop; p += VECTOR) {
      const e = v128.load(p);
      v128.store(p, lane.narrow(f64x2.mul(lane.low(e), shares), f64x2.mul(lane.high(e), shares)));
    }
    for (const stop = y + row; p < stop; p += 4) store<f32>(p, <f32>(<f64>load<f32>(p) * share));
  }
}

/** dx = y (g - sum of g y) */
export function softmaxBackward(y: usize, g: usize, dx: usize, rows: usize, n: usize): void {
  const row = n << 2;
  for (const end = y + rows * row; y < end; y += row, g += row, dx += row) {
    let sum: f64 = 0;
    for (let i: usize = 0; i < row; i += 4) sum += <f64>load<f32>(y + i) * <f64>load<f32>(g + i);
    for (let i: usize = 0; i < row; i += 4)
      store<f32>(dx + i, <f32>(<f64>load<f32>(y + i) * (<f64>load<f32>(g + i) - sum)));
  }
}

/** ln of the sum of e^x, in binary64 */
export function rowLogSumExp(x: usize, n: usize): f64 {
  const top = rowMax(x, n);
  return <f64>top + NativeMath.log(rowSumExp(x, top, n));
}

/** y = x - ln of the sum of e^x */
export function logSoftmaxForward(x: usize, y: usize, rows: usize, n: usize): void {
  const row = n << 2;
  for (const end = x + rows * row; x < end; x += row, y += row) {
    const sum = rowLogSumExp(x, n);
    for (let i: usize = 0; i < row; i += 4) store<f32>(y + i, <f32>(<f64>load<f32>(x + i) - sum));
  }
}

/** dx = g - e^y sum of g */
export function logSoftmaxBackward(y: usize, g: usize, dx: usize, rows: usize, n: usize): void {
  const row = n << 2;
  for (const end = y + rows * row; y < end; y += row, g += row, dx += row) {
    let sum: f64 = 0;
    for (let i: usize = 0; i < row; i += 4) sum += <f64>load<f32>(g + i);
    const s = f32x4.splat(<f32>sum);
    let i: usize = 0;
    for (const full = (n & ~3) << 2; i < full; i += VECTOR) {
      v128.store(dx + i, f32x4.sub(v128.load(g + i), f32x4.mul(math.expNegative(v128.load(y + i)), s)));
    }
    const rest = (n & 3) << 2;
    if (rest) {
      const e = math.expNegative(padded(y + i, rest, 0, 0));
      v128.store(TAIL, f32x4.sub(padded(g + i, rest, VECTOR, 0), f32x4.mul(e, s)));
      memory.copy(dx + i, TAIL, rest);
    }
  }
}
