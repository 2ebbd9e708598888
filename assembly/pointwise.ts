// The one loop over a function of one variable, forward and backward.
//
// Names: x input, y output, g gradient coming back, kept what forward left for backward (x or y, as the
// row in src/activation.ts says), n count of values, a and b the function's parameters.
//
// A function is a class without fields, called through changetype<F>(0): it compiles to the same code as
// a loop written by hand. (A function-typed parameter costs a call_indirect a vector, and a static call on
// a type parameter does not compile.) Parameters are passed as vectors, never as fields.

import { TAIL, VECTOR } from './lane';

export interface Pointwise {
  /** f(x) */
  forward(x: v128, a: v128, b: v128): v128;
  /** g f'(x), from what forward kept */
  backward(kept: v128, g: v128, a: v128, b: v128): v128;
}

/** out[i] = f(x[i]); out may be x. */
export function forward<F extends Pointwise>(x: usize, out: usize, n: usize, alpha: f32, beta: f32): void {
  const f = changetype<F>(0);
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  // Two vectors a turn, loads first: 5 % over one, and four gained nothing more (tanh, sigmoid, relu at 64K).
  for (const end = out + ((n & ~7) << 2); out < end; x += 2 * VECTOR, out += 2 * VECTOR) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    v128.store(out, f.forward(x0, a, b));
    v128.store(out, f.forward(x1, a, b), 16);
  }
  if (n & 4) {
    v128.store(out, f.forward(v128.load(x), a, b));
    x += VECTOR;
    out += VECTOR;
  }
  // The last values go through a whole vector of scratch, so that a value never depends on its place.
  const rest = (n & 3) << 2;
  if (rest) {
    memory.copy(TAIL, x, rest);
    v128.store(TAIL, f.forward(v128.load(TAIL), a, b));
    memory.copy(out, TAIL, rest);
  }
}

/** out[i] = g[i] f'(x[i]); out may be kept or g. */
export function backward<F extends Pointwise>(
  kept: usize,
  g: usize,
  out: usize,
  n: usize,
  alpha: f32,
  beta: f32,
): void {
  const f = changetype<F>(0);
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  for (const end = out + ((n & ~7) << 2); out < end; kept += 2 * VECTOR, g += 2 * VECTOR, out += 2 * VECTOR) {
    const k0 = v128.load(kept);
    const k1 = v128.load(kept, 16);
    const g0 = v128.load(g);
    const g1 = v128.load(g, 16);
    v128.store(out, f.backward(k0, g0, a, b));
    v128.store(out, f.backward(k1, g1, a, b), 16);
  }
  if (n & 4) {
    v128.store(out, f.backward(v128.load(kept), v128.load(g), a, b));
    kept += VECTOR;
    g += VECTOR;
    out += VECTOR;
  }
  const rest = (n & 3) << 2;
  if (rest) {
    memory.copy(TAIL, kept, rest);
    memory.copy(TAIL + VECTOR, g, rest);
    v128.store(TAIL, f.backward(v128.load(TAIL), v128.load(TAIL, 16), a, b));
    memory.copy(out, TAIL, rest);
  }
}
