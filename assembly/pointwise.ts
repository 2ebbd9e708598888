// The one loop over a function of one variable, forward and backward.
//
// Names: x input, y output, g gradient coming back, kept what forward left for backward (x or y, as the
// row in src/activation.ts says), n count of values, a and b the function's parameters.
//
// A function is a class without fields, called through changetype<F>(0): it compiles to the same code as
// a loop written by hand. (A function-typed parameter costs a call_indirect a vector, and a static call on
// a type parameter does not compile.) Parameters are passed as vectors, never as fields.

import { VECTOR } from './f32';
import { scratch, TAIL } from './scratch';

export interface Pointwise {
  /** f(x) */
  forward(x: v128, a: v128, b: v128): v128;
  /** g f'(x), from what forward kept */
  backward(kept: v128, g: v128, a: v128, b: v128): v128;
}

/** A function of two values, which is what backward is: gated halves, dropout and losses are such, too. */
export interface Pair {
  backward(kept: v128, g: v128, a: v128, b: v128): v128;
}

// Four vectors a turn, loads first and stores last. Against two: tanh 24 %, sigmoid 11 %, silu forward 13 % and backward
// 25 %, tanh backward 9 %, relu nothing (64K); with stores between, four gained nothing.
// The last values go through vectors of scratch and the same loop: a value never depends on its place, and the
// function's code stands once in each loop (a quarter of the size of body, half body and tail).

const FOUR: usize = 4 * VECTOR;
const TWO: usize = 2 * VECTOR;

/** out[i] = f(x[i]); out may be x. */
export function forward<F extends Pointwise>(x: usize, out: usize, n: usize, alpha: f32, beta: f32): void {
  const f = changetype<F>(0);
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  const rest = (n & 15) << 2;
  let end = out + ((n & ~15) << 2);
  const last = end;
  const tail = scratch + TAIL;
  while (true) {
    for (; out < end; x += FOUR, out += FOUR) {
      const x0 = v128.load(x);
      const x1 = v128.load(x, 16);
      const x2 = v128.load(x, 32);
      const x3 = v128.load(x, 48);
      const y0 = f.forward(x0, a, b);
      const y1 = f.forward(x1, a, b);
      const y2 = f.forward(x2, a, b);
      const y3 = f.forward(x3, a, b);
      v128.store(out, y0);
      v128.store(out, y1, 16);
      v128.store(out, y2, 32);
      v128.store(out, y3, 48);
    }
    if (end == tail + FOUR) memory.copy(last, tail, rest);
    if (rest == 0 || end == tail + FOUR) return;
    memory.copy(tail, x, rest);
    x = tail;
    out = tail;
    end = tail + FOUR;
  }
}

/** out[i] = g[i] f'(x[i]), from what was kept; out may be kept or g. */
export function backward<F extends Pair>(kept: usize, g: usize, out: usize, n: usize, alpha: f32, beta: f32): void {
  const f = changetype<F>(0);
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  const rest = (n & 15) << 2;
  let end = out + ((n & ~15) << 2);
  const last = end;
  const tail = scratch + TAIL;
  while (true) {
    for (; out < end; kept += FOUR, g += FOUR, out += FOUR) {
      const k0 = v128.load(kept);
      const k1 = v128.load(kept, 16);
      const k2 = v128.load(kept, 32);
      const k3 = v128.load(kept, 48);
      const g0 = v128.load(g);
      const g1 = v128.load(g, 16);
      const g2 = v128.load(g, 32);
      const g3 = v128.load(g, 48);
      const y0 = f.backward(k0, g0, a, b);
      const y1 = f.backward(k1, g1, a, b);
      const y2 = f.backward(k2, g2, a, b);
      const y3 = f.backward(k3, g3, a, b);
      v128.store(out, y0);
      v128.store(out, y1, 16);
      v128.store(out, y2, 32);
      v128.store(out, y3, 48);
    }
    if (end == tail + FOUR) memory.copy(last, tail, rest);
    if (rest == 0 || end == tail + FOUR) return;
    memory.copy(tail, kept, rest);
    memory.copy(tail + FOUR, g, rest);
    kept = tail;
    g = tail + FOUR;
    out = tail;
    end = tail + FOUR;
  }
}

/** The same, two vectors a turn: of functions in binary64 four would not fit the registers (gelu: 220 against 275 M/s). */
export function backwardTwo<F extends Pair>(kept: usize, g: usize, out: usize, n: usize, alpha: f32, beta: f32): void {
  const f = changetype<F>(0);
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  const rest = (n & 7) << 2;
  let end = out + ((n & ~7) << 2);
  const last = end;
  const tail = scratch + TAIL;
  while (true) {
    for (; out < end; kept += TWO, g += TWO, out += TWO) {
      const k0 = v128.load(kept);
      const k1 = v128.load(kept, 16);
      const g0 = v128.load(g);
      const g1 = v128.load(g, 16);
      const y0 = f.backward(k0, g0, a, b);
      const y1 = f.backward(k1, g1, a, b);
      v128.store(out, y0);
      v128.store(out, y1, 16);
    }
    if (end == tail + TWO) memory.copy(last, tail, rest);
    if (rest == 0 || end == tail + TWO) return;
    memory.copy(tail, kept, rest);
    memory.copy(tail + TWO, g, rest);
    kept = tail;
    g = tail + TWO;
    out = tail;
    end = tail + TWO;
  }
}

/** f alone, for the loop above. */
class Alone<F extends Pointwise> implements Pair {
  @inline backward(x: v128, g: v128, a: v128, b: v128): v128 {
    return changetype<F>(0).forward(x, a, b);
  }
}

/** out[i] = f(x[i]), two vectors a turn, for functions in binary64 (gelu: 241 against 328 M/s). */
export function forwardTwo<F extends Pointwise>(x: usize, out: usize, n: usize, alpha: f32, beta: f32): void {
  backwardTwo<Alone<F>>(x, x, out, n, alpha, beta);
}
