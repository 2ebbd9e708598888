// The linear layer: y = x W' + b and its gradients, three matrix products and a sum of rows.

import { multiply } from './product';

/** z = x W' + b: x of rows x inputs, W of outputs x inputs, z of rows x outputs; b 0: none. y = f(z) unless y is 0. */
export function linearForward(
  x: usize,
  w: usize,
  b: usize,
  z: usize,
  y: usize,
  workspace: usize,
  rows: usize,
  inputs: usize,
  outputs: usize,
  alpha: f32,
  beta: f32,
): void {
  multiply(rows, outputs, inputs, x, inputs << 2, 4, w, 4, inputs << 2, z, b, workspace, y, alpha, beta);
}

/** dx = g W */
export function linearBackwardInput(
  g: usize,
  w: usize,
  dx: usize,
  workspace: usize,
  rows: usize,
  inputs: usize,
  outputs: usize,
): void {
  multiply(rows, inputs, outputs, g, outputs << 2, 4, w, inputs << 2, 4, dx, 0, workspace, 0, 0, 0);
}

/** dW = g' x, for so many outputs of g's `width`. */
export function linearBackwardWeight(
  x: usize,
  g: usize,
  dw: usize,
  workspace: usize,
  rows: usize,
  inputs: usize,
  outputs: usize,
  width: usize,
): void {
  multiply(outputs, inputs, rows, g, 4, width << 2, x, inputs << 2, 4, dw, 0, workspace, 0, 0, 0);
}

/** db = the sum of g's rows */
export function linearBackwardBias(g: usize, db: usize, rows: usize, outputs: usize): void {
  const row = outputs << 2;
  memory.fill(db, 0, row);
  for (const end = g + rows * row; g < end; g += row) {
    let i: usize = 0;
    for (const full = (outputs & ~3) << 2; i < full; i += 16)
      v128.store(db + i, f32x4.add(v128.load(db + i), v128.load(g + i)));
    for (; i < row; i += 4) store<f32>(db + i, load<f32>(db + i) + load<f32>(g + i));
  }
}
