// map and zip: the loops that apply a function of one value, or of two, to arrays.
//
// Names: x and y are inputs, n is the number of values, a and b are the function's parameters.
//
// A function is a class without fields, called through changetype<F>(0). This compiles to the same code as a loop written
// by hand. (A function-typed parameter costs a call_indirect a vector, and a static call on a type parameter does not
// compile.) Parameters are passed as vectors, never as fields.

import { VECTOR } from './f32';
import { scratch, TAIL } from './scratch';

/** A function of one value. */
export interface Unary {
  apply(x: v128, a: v128, b: v128): v128;
}

/** A function of two values: a slope times a gradient, a loss of an output and its target, a gate times a value. */
export interface Binary {
  apply(x: v128, y: v128, a: v128, b: v128): v128;
}

// An iteration processes four vectors: loads first, stores last. It is faster than two by 24 % (tanh), 11 % (sigmoid), 13 %
// and 25 % (silu forward and backward), 9 % (tanh backward), 0 (relu), for 64K values; with stores between loads four
// gained nothing.
// The last values are copied to the scratch and go through the same loop. So a result never depends on a value's index, and
// the function's code is in the module once a loop (a quarter of the size of a body, a half body and a tail).

const FOUR: usize = 4 * VECTOR;
const TWO: usize = 2 * VECTOR;

/** out[i] = f(x[i]); out may be x. */
export function map<F extends Unary>(x: usize, out: usize, n: usize, alpha: f32, beta: f32): void {
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
      const r0 = f.apply(x0, a, b);
      const r1 = f.apply(x1, a, b);
      const r2 = f.apply(x2, a, b);
      const r3 = f.apply(x3, a, b);
      v128.store(out, r0);
      v128.store(out, r1, 16);
      v128.store(out, r2, 32);
      v128.store(out, r3, 48);
    }
    if (end == tail + FOUR) memory.copy(last, tail, rest);
    if (rest == 0 || end == tail + FOUR) return;
    memory.copy(tail, x, rest);
    x = tail;
    out = tail;
    end = tail + FOUR;
  }
}

/** out[i] = f(x[i], y[i]); out may be x or y. */
export function zip<F extends Binary>(x: usize, y: usize, out: usize, n: usize, alpha: f32, beta: f32): void {
  const f = changetype<F>(0);
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  const rest = (n & 15) << 2;
  let end = out + ((n & ~15) << 2);
  const last = end;
  const tail = scratch + TAIL;
  while (true) {
    for (; out < end; x += FOUR, y += FOUR, out += FOUR) {
      const x0 = v128.load(x);
      const x1 = v128.load(x, 16);
      const x2 = v128.load(x, 32);
      const x3 = v128.load(x, 48);
      const y0 = v128.load(y);
      const y1 = v128.load(y, 16);
      const y2 = v128.load(y, 32);
      const y3 = v128.load(y, 48);
      const r0 = f.apply(x0, y0, a, b);
      const r1 = f.apply(x1, y1, a, b);
      const r2 = f.apply(x2, y2, a, b);
      const r3 = f.apply(x3, y3, a, b);
      v128.store(out, r0);
      v128.store(out, r1, 16);
      v128.store(out, r2, 32);
      v128.store(out, r3, 48);
    }
    if (end == tail + FOUR) memory.copy(last, tail, rest);
    if (rest == 0 || end == tail + FOUR) return;
    memory.copy(tail, x, rest);
    memory.copy(tail + FOUR, y, rest);
    x = tail;
    y = tail + FOUR;
    out = tail;
    end = tail + FOUR;
  }
}

/** zip with two vectors an iteration: four of a function in binary64 do not fit the registers (gelu: 220 against 275 M/s). */
export function zipTwo<F extends Binary>(x: usize, y: usize, out: usize, n: usize, alpha: f32, beta: f32): void {
  const f = changetype<F>(0);
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  const rest = (n & 7) << 2;
  let end = out + ((n & ~7) << 2);
  const last = end;
  const tail = scratch + TAIL;
  while (true) {
    for (; out < end; x += TWO, y += TWO, out += TWO) {
      const x0 = v128.load(x);
      const x1 = v128.load(x, 16);
      const y0 = v128.load(y);
      const y1 = v128.load(y, 16);
      const r0 = f.apply(x0, y0, a, b);
      const r1 = f.apply(x1, y1, a, b);
      v128.store(out, r0);
      v128.store(out, r1, 16);
    }
    if (end == tail + TWO) memory.copy(last, tail, rest);
    if (rest == 0 || end == tail + TWO) return;
    memory.copy(tail, x, rest);
    memory.copy(tail + TWO, y, rest);
    x = tail;
    y = tail + TWO;
    out = tail;
    end = tail + TWO;
  }
}

/** A function of one value as one of two, for zipTwo. */
class First<F extends Unary> implements Binary {
  @inline apply(x: v128, y: v128, a: v128, b: v128): v128 {
    return changetype<F>(0).apply(x, a, b);
  }
}

/** map with two vectors an iteration, for functions in binary64 (gelu: 241 against 328 M/s). */
export function mapTwo<F extends Unary>(x: usize, out: usize, n: usize, alpha: f32, beta: f32): void {
  zipTwo<First<F>>(x, x, out, n, alpha, beta);
}
