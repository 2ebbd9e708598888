// Losses and their gradients.

import { VECTOR } from './lane';
import { log64 } from './math';
import { rowExp, rowLogSum, rowMax } from './softmax';

/**
 * Cross-entropy from logits, labels as u32: `total` and, row by row, ln(sum of e^x) - x[label]. The total is handed
 * on, so that its bits do not depend on how the rows are cut.
 */
export function crossEntropyForward(x: usize, labels: usize, rows: usize, n: usize, total: f64): f64 {
  const row = n << 2;
  for (const end = x + rows * row; x < end; x += row, labels += 4) {
    const top = rowMax(x, n);
    total += rowLogSum(x, top, n) - (<f64>load<f32>(x + (load<u32>(labels) << 2)) - <f64>top);
  }
  return total;
}

/** The same sum from 0, and dx = scale (softmax x - one at the label). */
export function crossEntropyBackward(x: usize, labels: usize, dx: usize, rows: usize, n: usize, scale: f32): f64 {
  const row = n << 2;
  let total: f64 = 0;
  for (const end = x + rows * row; x < end; x += row, dx += row, labels += 4) {
    const top = rowMax(x, n);
    const label = load<u32>(labels) << 2;
    const right = <f64>load<f32>(x + label); // before dx is written: it may be x
    const sum = rowExp(x, top, dx, n);
    total += log64(sum) - (right - <f64>top);
    const s = f32x4.splat(<f32>(<f64>scale / sum));
    let p = dx;
    for (const full = dx + ((n & ~3) << 2); p < full; p += VECTOR) v128.store(p, f32x4.mul(v128.load(p), s));
    for (const stop = dx + row; p < stop; p += 4) store<f32>(p, load<f32>(p) * f32x4.extract_lane(s, 0));
    store<f32>(dx + label, load<f32>(dx + label) - scale);
  }
  return total;
}
