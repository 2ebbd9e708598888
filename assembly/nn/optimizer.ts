// One step of an optimizer over all parameters at once: w has their n values one after the other, g the gradients in the same
// order. n is a multiple of 4.

import { F32x4, VECTOR } from '../f32';

/**
 * Stochastic gradient descent as PyTorch writes it: d = g + decay w; v = momentum v + take d; w -= lr
 * (nesterov ? d + momentum v : v). With a velocity of zeros and take = 1 it makes PyTorch's first step; take is 1 - dampening
 * in the others.
 */
export function sgd(
  w: usize,
  g: usize,
  v: usize,
  n: usize,
  lr: f32,
  momentum: f32,
  decay: f32,
  nesterov: bool,
  take: f32,
): void {
  const rate = f32x4.splat(lr);
  const momenta = f32x4.splat(momentum);
  const decays = f32x4.splat(decay);
  const share = f32x4.splat(take);
  for (const end = w + (n << 2); w < end; w += VECTOR, g += VECTOR, v += VECTOR) {
    const weight = v128.load(w);
    const d = F32x4.mad(weight, decays, v128.load(g));
    const velocity = F32x4.mad(v128.load(v), momenta, f32x4.mul(d, share));
    v128.store(v, velocity);
    const step = nesterov ? F32x4.mad(velocity, momenta, d) : velocity;
    v128.store(w, f32x4.sub(weight, f32x4.mul(rate, step)));
  }
}

/** sgd without momentum, which needs no velocity: w -= lr (g + decay w). */
export function sgdPlain(w: usize, g: usize, n: usize, lr: f32, decay: f32): void {
  const rate = f32x4.splat(lr);
  const decays = f32x4.splat(decay);
  for (const end = w + (n << 2); w < end; w += VECTOR, g += VECTOR) {
    const weight = v128.load(w);
    v128.store(w, f32x4.sub(weight, f32x4.mul(rate, F32x4.mad(weight, decays, v128.load(g)))));
  }
}

/**
 * Adam (Kingma and Ba 2015) as PyTorch writes it: m and v are running means of d and d^2, and w -= rate m / (sqrt(v) /
 * spread + epsilon), where d = g + decay w. rate is lr divided by the bias correction of m, and spread is the square root of
 * that of v. AdamW (Loshchilov and Hutter 2019) has a decay of 0 and multiplies w by shrink = 1 - lr weightDecay; Adam has a
 * shrink of 1. rest1 and rest2 are 1 - beta1 and 1 - beta2, rounded once: computed from beta2 = 0.999, already rounded to
 * binary32, rest2 would be off by 5e-5.
 */
export function adam(
  w: usize,
  g: usize,
  m: usize,
  v: usize,
  n: usize,
  rate: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  spread: f32,
  epsilon: f32,
  decay: f32,
  shrink: f32,
): void {
  const b1 = f32x4.splat(beta1);
  const b2 = f32x4.splat(beta2);
  const c1 = f32x4.splat(rest1);
  const c2 = f32x4.splat(rest2);
  for (const end = w + (n << 2); w < end; w += VECTOR, g += VECTOR, m += VECTOR, v += VECTOR) {
    const weight = v128.load(w);
    const d = F32x4.mad(weight, f32x4.splat(decay), v128.load(g));
    const mean = F32x4.mad(v128.load(m), b1, f32x4.mul(d, c1));
    const square = F32x4.mad(v128.load(v), b2, f32x4.mul(f32x4.mul(d, d), c2));
    v128.store(m, mean);
    v128.store(v, square);
    const size = f32x4.add(f32x4.div(f32x4.sqrt(square), f32x4.splat(spread)), f32x4.splat(epsilon));
    const step = f32x4.div(f32x4.mul(mean, f32x4.splat(rate)), size);
    v128.store(w, f32x4.sub(f32x4.mul(weight, f32x4.splat(shrink)), step));
  }
}

/**
 * RMSprop (Hinton 2012) as PyTorch writes it: s and m are running means of d^2 and d, where d = g + decay w. w -= lr v with
 * v = momentum v + d / (sqrt(s - m^2) + epsilon). If m is 0, m^2 is not subtracted; if v is 0, there is no momentum. rest is
 * 1 - alpha, rounded once.
 */
export function rmsprop(
  w: usize,
  g: usize,
  s: usize,
  m: usize,
  v: usize,
  n: usize,
  lr: f32,
  alpha: f32,
  rest: f32,
  epsilon: f32,
  momentum: f32,
  decay: f32,
): void {
  const alphas = f32x4.splat(alpha);
  const rests = f32x4.splat(rest);
  for (let i: usize = 0; i < n << 2; i += VECTOR) {
    const weight = v128.load(w + i);
    const d = F32x4.mad(weight, f32x4.splat(decay), v128.load(g + i));
    let square = F32x4.mad(v128.load(s + i), alphas, f32x4.mul(f32x4.mul(d, d), rests));
    v128.store(s + i, square);
    if (m) {
      const mean = F32x4.mad(v128.load(m + i), alphas, f32x4.mul(d, rests));
      v128.store(m + i, mean);
      // While gradients stay the same, m^2 approaches s, and their difference may be rounded to a number below 0.
      square = f32x4.pmax(f32x4.sub(square, f32x4.mul(mean, mean)), f32x4.splat(0));
    }
    let step = f32x4.div(d, f32x4.add(f32x4.sqrt(square), f32x4.splat(epsilon)));
    if (v) {
      step = F32x4.mad(v128.load(v + i), f32x4.splat(momentum), step);
      v128.store(v + i, step);
    }
    v128.store(w + i, f32x4.sub(weight, f32x4.mul(f32x4.splat(lr), step)));
  }
}

/**
 * Returns the Euclidean norm of g. A g whose norm is above `most` is multiplied by most / (norm + 1e-6), as in PyTorch. If the
 * norm is infinite, the finite values of g become 0; if it is NaN, g does not change.
 */
export function clip(g: usize, n: usize, most: f64): f64 {
  const end = g + (n << 2);
  let sum = f64x2.splat(0);
  for (let p = g; p < end; p += VECTOR) {
    const low = F32x4.low(v128.load(p));
    const high = F32x4.high(v128.load(p));
    sum = f64x2.add(sum, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
  }
  const norm = sqrt(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  const scale = most / (norm + 1e-6);
  const s = f32x4.splat(<f32>scale);
  if (scale < 1) for (; g < end; g += VECTOR) v128.store(g, f32x4.mul(v128.load(g), s));
  return norm;
}
