// What a probe counts in an array: a pass for the sums, a pass for the histogram. Sums are in binary64, so that the
// squares of float32 neither overflow nor vanish. One after the other is enough there: n terms are off by at most n 2^-53 of the
// sum of magnitudes, 1.1e-10 for a million. So it is with the sums of losses, norms and rows of softmax.

import { F32x4, VECTOR } from '../f32';
import { PAIRS, scratch } from '../scratch';

/** Bins of a histogram; values are counted by pairs of bins, two at a time. */
export const BINS: i32 = 32;
/** Sums that statistics() writes before the histogram, each an f64. */
export const SUMS: usize = 7;
/** 2^23: added to a whole number below it, it leaves that number in the last bits. */
const SHIFT: f32 = 8388608;
const SHIFT_BITS: u32 = 0x4b000000;

/**
 * Of the n values those that are finite: how many, their sum, the sum of their squares, the least and the largest (f64,
 * at out), the ends of the histogram (f64), and how many fall into each of its 32 bins (u32). The histogram goes from
 * mean - 4 deviations to mean + 4, or less far where no value is; what lies beyond is in the bins at its ends.
 */
export function statistics(x: usize, out: usize, n: i32): void {
  const end = x + ((<usize>n) << 2);
  let least = f32x4.splat(Infinity);
  let most = f32x4.splat(-Infinity);
  let low = f64x2.splat(0);
  let high = low;
  let lowSquare = low;
  let highSquare = low;
  let p = x;
  for (const whole = x + ((end - x) & ~15); p < whole; p += VECTOR) {
    const v = v128.load(p);
    const a = F32x4.low(v);
    const b = F32x4.high(v);
    least = f32x4.pmin(least, v);
    most = f32x4.pmax(most, v);
    low = f64x2.add(low, a);
    high = f64x2.add(high, b);
    lowSquare = f64x2.add(lowSquare, f64x2.mul(a, a));
    highSquare = f64x2.add(highSquare, f64x2.mul(b, b));
  }
  let sum = both(low, high);
  let squares = both(lowSquare, highSquare);
  let smallest = -F32x4.max(F32x4.negated(least));
  let largest = F32x4.max(most);
  let count = <i32>((p - x) >> 2);
  // The sum of squares is finite if all values are. If not, one by one: masks for what is rare took a quarter of the time.
  const clean = squares < Infinity;
  if (!clean) {
    p = x;
    sum = squares = count = 0;
    smallest = Infinity;
    largest = -Infinity;
  }
  for (; p < end; p += 4) {
    const v = load<f32>(p);
    if (!(abs(v) < Infinity)) continue;
    count++;
    sum += <f64>v;
    squares += <f64>v * <f64>v;
    smallest = min(smallest, v);
    largest = max(largest, v);
  }
  const divisor = <f64>max(count, 1);
  const mean = sum / divisor;
  const reach = 4 * sqrt(max(squares / divisor - mean * mean, 0));
  const from = max(<f64>smallest, mean - reach);
  const to = min(<f64>largest, mean + reach);
  store<f64>(out, <f64>count);
  store<f64>(out, sum, 8);
  store<f64>(out, squares, 16);
  store<f64>(out, <f64>smallest, 24);
  store<f64>(out, <f64>largest, 32);
  store<f64>(out, from, 40);
  store<f64>(out, to, 48);
  // Finite also where all values are one: none is to become NaN.
  const scale = to > from ? <f32>min(<f64>BINS / (to - from), <f64>f32.MAX_VALUE) : 0;
  histogram(x, end, <f32>from, scale, clean, out + (SUMS << 3));
}

/**
 * How many of the finite values from x to end fall into each bin. Two values are counted at once, by their bins as a pair:
 * 0.4 ns a value, one by one 0.74.
 */
function histogram(x: usize, end: usize, from: f32, scale: f32, clean: bool, out: usize): void {
  memory.fill(scratch + PAIRS, 0, (<usize>(BINS * BINS)) << 2);
  memory.fill(out, 0, (<usize>BINS) << 2);
  const first = f32x4.splat(from);
  const factor = f32x4.splat(scale);
  const shift = f32x4.splat(SHIFT);
  const base = i32x4.splat(<i32>(scratch + PAIRS) - <i32>(SHIFT_BITS << 2));
  for (const whole = clean ? x + ((end - x) & ~31) : x; x < whole; x += 2 * VECTOR) {
    const a = bins(v128.load(x), first, factor);
    const b = bins(v128.load(x, 16), first, factor);
    const pair = f32x4.add(F32x4.mad(a, f32x4.splat(<f32>BINS), b), shift);
    const at = i32x4.add(i32x4.shl(pair, 2), base);
    add(i32x4.extract_lane(at, 0), 1);
    add(i32x4.extract_lane(at, 1), 1);
    add(i32x4.extract_lane(at, 2), 1);
    add(i32x4.extract_lane(at, 3), 1);
  }
  for (; x < end; x += 4) {
    const v = load<f32>(x);
    if (abs(v) < Infinity) add(out + ((<usize>min(max((v - from) * scale, 0), <f32>(BINS - 1))) << 2), 1);
  }
  for (let i = 0, pair = scratch + PAIRS; i < BINS; i++) {
    let firsts = i32x4.splat(0);
    for (let j = 0; j < BINS; j += 4, pair += VECTOR) {
      const seconds = out + ((<usize>j) << 2);
      const counts = v128.load(pair);
      v128.store(seconds, i32x4.add(v128.load(seconds), counts));
      firsts = i32x4.add(firsts, counts);
    }
    add(out + ((<usize>i) << 2), total(firsts));
  }
}

/** The bins of four finite values. */
function bins(v: v128, first: v128, factor: v128): v128 {
  const place = f32x4.mul(f32x4.sub(v, first), factor);
  return f32x4.floor(f32x4.pmin(f32x4.pmax(place, f32x4.splat(0)), f32x4.splat(<f32>(BINS - 1))));
}

function add(at: usize, more: u32): void {
  store<u32>(at, load<u32>(at) + more);
}
function total(x: v128): u32 {
  return i32x4.extract_lane(x, 0) + i32x4.extract_lane(x, 1) + (i32x4.extract_lane(x, 2) + i32x4.extract_lane(x, 3));
}
/** Two pairs of binary64, added. */
function both(a: v128, b: v128): f64 {
  const sum = f64x2.add(a, b);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** How many columns are zero in every row: a column is left at its first value that is not, so few rows are read. */
export function deadColumns(x: usize, rows: i32, columns: i32): i32 {
  const stride = (<usize>columns) << 2;
  let dead = 0;
  let column = 0;
  for (; column + 4 <= columns; column += 4, x += VECTOR) {
    let zero = f32x4.eq(v128.load(x), f32x4.splat(0));
    for (let row = 1, p = x + stride; row < rows && v128.any_true(zero); row++, p += stride) {
      zero = v128.and(zero, f32x4.eq(v128.load(p), f32x4.splat(0)));
    }
    dead += popcnt(i32x4.bitmask(zero));
  }
  for (; column < columns; column++, x += 4) {
    let row = 0;
    for (let p = x; row < rows && load<f32>(p) == 0; row++) p += stride;
    if (row == rows) dead++;
  }
  return dead;
}

/** How many of n values are closer to zero than that. */
export function countBelow(x: usize, n: i32, bound: f32): i32 {
  const limit = f32x4.splat(bound);
  const end = x + ((<usize>n) << 2);
  let counts = i32x4.splat(0);
  for (const whole = x + ((end - x) & ~15); x < whole; x += VECTOR) {
    counts = i32x4.sub(counts, f32x4.lt(F32x4.size(v128.load(x)), limit));
  }
  let count = total(counts);
  for (; x < end; x += 4) if (abs(load<f32>(x)) < bound) count++;
  return count;
}

/** The length of x - y, or with y = 0 that of x; n is a multiple of 4. */
export function distance(x: usize, y: usize, n: i32): f64 {
  let low = f64x2.splat(0);
  let high = low;
  for (const end = x + ((<usize>n) << 2); x < end; x += VECTOR) {
    let v = v128.load(x);
    if (y) {
      v = f32x4.sub(v, v128.load(y));
      y += VECTOR;
    }
    const a = F32x4.low(v);
    const b = F32x4.high(v);
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  return sqrt(both(low, high));
}
