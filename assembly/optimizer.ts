// One step of an optimizer over all parameters at once: they lie side by side, n a multiple of 4.

import { lane, VECTOR } from './lane';

/**
 * Stochastic gradient descent as PyTorch writes it: d = g + decay w; v = momentum v + d; w -= lr (nesterov ?
 * d + momentum v : v). A velocity of zeros makes PyTorch's first step.
 */
export function sgd(w: usize, g: usize, v: usize, n: usize, lr: f32, momentum: f32, decay: f32, nesterov: bool): void {
  const rate = f32x4.splat(lr);
  const keep = f32x4.splat(momentum);
  const shrink = f32x4.splat(decay);
  for (const end = w + (n << 2); w < end; w += VECTOR, g += VECTOR, v += VECTOR) {
    const weight = v128.load(w);
    const d = lane.mad(weight, shrink, v128.load(g));
    const velocity = lane.mad(v128.load(v), keep, d);
    v128.store(v, velocity);
    const step = nesterov ? lane.mad(velocity, keep, d) : velocity;
    v128.store(w, f32x4.sub(weight, f32x4.mul(rate, step)));
  }
}

/** The same without momentum: there is no velocity to keep. */
export function sgdPlain(w: usize, g: usize, n: usize, lr: f32, decay: f32): void {
  const rate = f32x4.splat(lr);
  const shrink = f32x4.splat(decay);
  for (const end = w + (n << 2); w < end; w += VECTOR, g += VECTOR) {
    const weight = v128.load(w);
    v128.store(w, f32x4.sub(weight, f32x4.mul(rate, lane.mad(weight, shrink, v128.load(g)))));
  }
}
