// PyTorch's distributions: float32 values from MT19937's words, as on an x86 processor with AVX2, bit for bit (checked against
// 1.13, 2.6 and 2.14). That processor fuses every multiplication with an addition.
// mt19937.ts has the layout of the state.

import { F32x4 } from '../f32';
import { erf, exp64, log64, sine64 } from '../math';
import { SKIPPED, scratch } from '../scratch';
import { addOdd, fma, fused } from './fused';
import { mt19937Bits, mt19937Next, TORCH_CACHE, TORCH_CACHED } from './mt19937';

const CACHED: usize = TORCH_CACHED << 2;
const CACHE: usize = TORCH_CACHE << 2;

export function torchBits(state: usize, out: usize, n: usize): void {
  mt19937Bits(state, out, n);
}

/** low + range u. A value that rounds to `avoid` is replaced by low (PyTorch since 2.12; before that avoid is NaN). */
export function torchUniform(state: usize, out: usize, n: usize, low: f32, range: f32, avoid: f32): void {
  mt19937Bits(state, out, n);
  const a = f32x4.splat(low);
  const r = f32x4.splat(range);
  const end = out + (n << 2);
  for (; out + 16 <= end; out += 16) {
    const y = fused.fma4(fused.unit(v128.load(out)), r, a);
    v128.store(out, v128.bitselect(a, y, f32x4.eq(y, f32x4.splat(avoid))));
  }
  for (; out < end; out += 4) {
    const y = fma(<f32>(load<u32>(out) & 0xffffff) * 5.9604644775390625e-8, range, low);
    store<f32>(out, y == avoid ? low : y);
  }
}

/** Cephes' logf (Moshier): 9 coefficients, then ln 2 as a sum of two numbers. The values are binary32, stored as binary64. */
const LOG: usize = memory.data<f64>([
  0.07037683576345444, -0.11514610052108765, 0.11676998436450958, -0.12420140951871872, 0.14249323308467865,
  -0.16668057441711426, 0.2000071406364441, -0.24999994039535522, 0.3333333134651184, -0.00021219444170128554,
  0.693359375,
]);
/** sqrt(1/2), 1, 1/2, 4/pi, 2 pi. */
const CONSTANTS: usize = memory.data<f32>([0.7071067690849304, 1.0, 0.5, 1.2732394933700562, 6.2831854820251465]);

/** Cephes' sinf and cosf: -pi/4 as a sum of three numbers, 3 coefficients of the sine, 3 of the cosine. */
const SINCOS: usize = memory.data<f64>([
  -0.78515625, -0.00024187564849853516, -3.774895063202166e-8, -0.00019515295571181923, 0.008332161232829094,
  -0.16666655242443085, 2.44331567955669e-5, -0.0013887316454201937, 0.04166664555668831,
]);

/**
 * Fused operations on two lanes of binary64, each rounded to binary32 by converting it there and back. They equal the
 * processor's in all steps of log and sincos below, for each of their 2^24 possible inputs; elsewhere they may differ where
 * the sum is a midpoint of two binary32. Two lanes that stay in binary64 over many steps take half the operations of four
 * that are converted at every step.
 */
abstract class fusedPair {
  /** The k-th value of a table, in both lanes. */
  @inline static at(table: usize, k: usize): v128 {
    return v128.load64_splat(table + (k << 3));
  }
  /** a b + c, not rounded. */
  @inline static sum(a: v128, b: v128, c: v128): v128 {
    return f64x2.add(f64x2.mul(a, b), c);
  }
  @inline static rounded(x: v128): v128 {
    return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(x));
  }
  /** a b + c, rounded to binary32. */
  @inline static mad(a: v128, b: v128, c: v128): v128 {
    return fusedPair.rounded(fusedPair.sum(a, b, c));
  }
  /** The polynomial of the logarithm, without its last rounding. */
  @inline static series(x: v128): v128 {
    let y = fusedPair.mad(fusedPair.at(LOG, 0), x, fusedPair.at(LOG, 1));
    y = fusedPair.mad(y, x, fusedPair.at(LOG, 2));
    y = fusedPair.mad(y, x, fusedPair.at(LOG, 3));
    y = fusedPair.mad(y, x, fusedPair.at(LOG, 4));
    y = fusedPair.mad(y, x, fusedPair.at(LOG, 5));
    y = fusedPair.mad(y, x, fusedPair.at(LOG, 6));
    y = fusedPair.mad(y, x, fusedPair.at(LOG, 7));
    return fusedPair.sum(y, x, fusedPair.at(LOG, 8));
  }
  /** x - k pi/4 in three steps, without the last rounding. */
  @inline static reduced(x: v128, k: v128): v128 {
    x = fusedPair.mad(fusedPair.at(SINCOS, 0), k, x);
    x = fusedPair.mad(fusedPair.at(SINCOS, 1), k, x);
    return fusedPair.sum(fusedPair.at(SINCOS, 2), k, x);
  }
  /** The quadratic polynomial in z with the three coefficients of SINCOS from k on, without the last rounding. */
  @inline static quadratic(k: usize, z: v128): v128 {
    return fusedPair.sum(
      fusedPair.mad(fusedPair.at(SINCOS, k), z, fusedPair.at(SINCOS, k + 1)),
      z,
      fusedPair.at(SINCOS, k + 2),
    );
  }
}

/** The functions of Box and Muller's transform, on four lanes. */
abstract class boxMuller {
  @inline static log(x: v128): v128 {
    let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(126)));
    const m = v128.or(v128.and(x, i32x4.splat(0x007fffff)), F32x4.at(CONSTANTS, 2));
    const below = f32x4.lt(m, F32x4.at(CONSTANTS, 0));
    e = f32x4.sub(e, v128.and(below, F32x4.at(CONSTANTS, 1)));
    x = f32x4.add(f32x4.sub(m, F32x4.at(CONSTANTS, 1)), v128.and(below, m));
    const z = f32x4.mul(x, x);
    let y = f32x4.mul(F32x4.narrow(fusedPair.series(F32x4.low(x)), fusedPair.series(F32x4.high(x))), x);
    y = F32x4.narrow(
      fusedPair.sum(F32x4.low(y), F32x4.low(z), fusedPair.rounded(f64x2.mul(fusedPair.at(LOG, 9), F32x4.low(e)))),
      fusedPair.sum(F32x4.high(y), F32x4.high(z), fusedPair.rounded(f64x2.mul(fusedPair.at(LOG, 9), F32x4.high(e)))),
    );
    y = f32x4.add(x, f32x4.sub(y, f32x4.mul(z, F32x4.at(CONSTANTS, 2))));
    return F32x4.narrow(
      fusedPair.sum(F32x4.low(e), fusedPair.at(LOG, 10), F32x4.low(y)),
      fusedPair.sum(F32x4.high(e), fusedPair.at(LOG, 10), F32x4.high(y)),
    );
  }
  @inline static radius(u: v128): v128 {
    return f32x4.sqrt(f32x4.mul(f32x4.splat(-2), boxMuller.log(f32x4.sub(F32x4.at(CONSTANTS, 1), u))));
  }
  /** The even multiple of pi/4 that is nearest to x. */
  @inline static octant(x: v128): v128 {
    const j = i32x4.trunc_sat_f32x4_s(f32x4.mul(x, F32x4.at(CONSTANTS, 3)));
    return v128.and(i32x4.add(j, i32x4.splat(1)), i32x4.splat(~1));
  }
  @inline static reduced(x: v128, j: v128): v128 {
    const k = f32x4.convert_i32x4_s(j);
    return F32x4.narrow(fusedPair.reduced(F32x4.low(x), F32x4.low(k)), fusedPair.reduced(F32x4.high(x), F32x4.high(k)));
  }
  @inline static quadratic(k: usize, z: v128): v128 {
    return f32x4.mul(F32x4.narrow(fusedPair.quadratic(k, F32x4.low(z)), fusedPair.quadratic(k, F32x4.high(z))), z);
  }
  @inline static cos(z: v128): v128 {
    const c = boxMuller.quadratic(6, z);
    const half = f32x4.mul(z, F32x4.at(CONSTANTS, 2));
    const difference = F32x4.narrow(
      f64x2.sub(f64x2.mul(F32x4.low(z), F32x4.low(c)), F32x4.low(half)),
      f64x2.sub(f64x2.mul(F32x4.high(z), F32x4.high(c)), F32x4.high(half)),
    );
    return f32x4.add(difference, F32x4.at(CONSTANTS, 1));
  }
  @inline static sin(x: v128, z: v128): v128 {
    const s = boxMuller.quadratic(3, z);
    return F32x4.narrow(
      fusedPair.sum(F32x4.low(x), F32x4.low(s), F32x4.low(x)),
      fusedPair.sum(F32x4.high(x), F32x4.high(s), F32x4.high(x)),
    );
  }
  /** One of sine and cosine: bit 1 of j swaps the two, bit 2 of `sign` changes the sign. */
  @inline static inOctant(one: v128, other: v128, j: v128, sign: v128): v128 {
    const swap = i32x4.ne(v128.and(j, i32x4.splat(2)), i32x4.splat(0));
    return v128.xor(v128.bitselect(other, one, swap), v128.and(i32x4.shl(sign, 29), F32x4.sign()));
  }
}

/** Replaces sixteen uniforms at p by sixteen normals: 0 to 7 give the radius, 8 to 15 the angle. */
function sixteen(p: usize, mean: v128, std: v128, centred: bool): void {
  const r0 = boxMuller.radius(v128.load(p));
  const r1 = boxMuller.radius(v128.load(p, 16));
  const t0 = f32x4.mul(F32x4.at(CONSTANTS, 4), v128.load(p, 32));
  const t1 = f32x4.mul(F32x4.at(CONSTANTS, 4), v128.load(p, 48));
  const j0 = boxMuller.octant(t0);
  const j1 = boxMuller.octant(t1);
  const x0 = boxMuller.reduced(t0, j0);
  const x1 = boxMuller.reduced(t1, j1);
  const z0 = f32x4.mul(x0, x0);
  const z1 = f32x4.mul(x1, x1);
  const c0 = boxMuller.cos(z0);
  const c1 = boxMuller.cos(z1);
  const s0 = boxMuller.sin(x0, z0);
  const s1 = boxMuller.sin(x1, z1);
  const two = i32x4.splat(2);
  const a0 = f32x4.mul(r0, boxMuller.inOctant(c0, s0, j0, v128.not(i32x4.sub(j0, two))));
  const a1 = f32x4.mul(r1, boxMuller.inOctant(c1, s1, j1, v128.not(i32x4.sub(j1, two))));
  const b0 = f32x4.mul(r0, boxMuller.inOctant(s0, c0, j0, j0));
  const b1 = f32x4.mul(r1, boxMuller.inOctant(s1, c1, j1, j1));
  v128.store(p, fused.scaled(a0, std, mean, centred));
  v128.store(p, fused.scaled(a1, std, mean, centred), 16);
  v128.store(p, fused.scaled(b0, std, mean, centred), 32);
  v128.store(p, fused.scaled(b1, std, mean, centred), 48);
}

function uniforms(state: usize, out: usize, n: usize): void {
  mt19937Bits(state, out, n);
  for (const end = out + (n << 2); out < end; out += 16) v128.store(out, fused.unit(v128.load(out)));
}

/** n normals, n a multiple of 16. */
export function torchNormal(state: usize, out: usize, n: usize, mean: f32, std: f32): void {
  const m = f32x4.splat(mean);
  const s = f32x4.splat(std);
  uniforms(state, out, n);
  const centred = mean == 0;
  for (const end = out + (n << 2); out < end; out += 64) sixteen(out, m, s, centred);
}

/** The last sixteen (n) of a length that is no multiple of 16: `skipped` words are skipped, sixteen drawn again. */
export function torchNormalTail(state: usize, out: usize, n: usize, mean: f32, std: f32, skipped: usize): void {
  mt19937Bits(state, scratch + SKIPPED, skipped);
  torchNormal(state, out, n, mean, std);
}

/** A uniform of 53 bits in [0, 1), high word first: PyTorch's for everything but float32 uniforms and 16 or more normals. */
export function unit53(state: usize): f64 {
  const high = <u64>(mt19937Next(state) & 0x1fffff);
  return <f64>((high << 32) | <u64>mt19937Next(state)) * 1.1102230246251565e-16;
}

/** a b + c in binary64, rounded once (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008). */
function fma64(a: f64, b: f64, c: f64): f64 {
  const p = a * b;
  const s = p + c;
  if (c == 0 || !(abs(s) < Infinity)) return s;
  // Dekker's error of the product.
  let t = 134217729.0 * a;
  const ah = t - (t - a);
  const al = a - ah;
  t = 134217729.0 * b;
  const bh = t - (t - b);
  const bl = b - bh;
  const e = ah * bh - p + ah * bl + al * bh + al * bl;
  // The sum of c and the product as three numbers: two exact sums, and the remainder rounded to odd.
  const th = c + e;
  const tb = th - c;
  const tl = c - (th - tb) + (e - tb);
  const vh = p + th;
  const vb = vh - p;
  const vl = p - (vh - vb) + (th - vb);
  return vh + addOdd(tl, vl);
}

/** Fewer than sixteen normals. They come in pairs; the second of a pair is cached in the state for the next call. */
export function torchNormalFew(state: usize, out: usize, n: usize, mean: f64, std: f64): void {
  for (const end = out + (n << 2); out < end; out += 4) {
    let z: f64;
    if (load<u32>(state, CACHED)) {
      z = load<f64>(state, CACHE);
      store<u32>(state, 0, CACHED);
    } else {
      const u1 = unit53(state);
      const u2 = unit53(state);
      const r = sqrt<f64>(-2 * log64(1 - u2));
      const t = 6.283185307179586 * u1;
      store<f64>(state, r * sine64(t, 0), CACHE);
      store<u32>(state, 1, CACHED);
      z = r * sine64(t, 1);
    }
    store<f32>(out, <f32>fma64(z, std, mean));
  }
}

/** PyTorch's rational approximation of the inverse error function: a / b up to 0.7, c / d beyond; then 2 / sqrt(pi). */
const ERFINV: usize = memory.data<f32>([
  0.886226899, -1.645349621, 0.914624893, -0.140543331, -2.118377725, 1.442710462, -0.329097515, 0.012229801,
  -1.970840454, -1.624906493, 3.429567803, 1.641345311, 3.5438892, 1.6370678, 1.1283791670955126,
]);

function coefficient(k: usize): f32 {
  return load<f32>(ERFINV + (k << 2));
}

/** The polynomial in z with the coefficients from `from` to `to`, the last of the highest power. Each step is fused. */
function polynomial(z: f32, from: i32, to: i32): f32 {
  let sum = coefficient(to);
  for (let k = to - 1; k >= from; k--) sum = fma(sum, z, coefficient(k));
  return sum;
}

/** PyTorch's calc_erfinv<float>: a rational approximation, then two steps of Newton. erf, exp and ln are in binary64, rounded. */
function erfinv(y: f32): f32 {
  const size = abs(y);
  if (size > 1) return NaN;
  if (size == 1) return y * Infinity;
  const central = size <= 0.7;
  const z = central ? y * y : sqrt<f32>(-(<f32>log64(<f64>((1 - size) / 2))));
  const top = polynomial(z, central ? 0 : 8, central ? 3 : 11);
  const bottom = fma(polynomial(z, central ? 4 : 12, central ? 7 : 13), z, 1);
  let x = (central ? y * top : copysign<f32>(1, y) * top) / bottom;
  for (let k = 0; k < 2; k++) {
    x = x - (<f32>erf(<f64>x) - y) / (coefficient(14) * <f32>exp64(<f64>(-x * x)));
  }
  return x;
}

/** trunc_normal_ before PyTorch 2.12: truncated normals from uniforms x on (2 Phi(low) - 1, 2 Phi(high) - 1). */
export function torchTruncated(x: usize, out: usize, n: usize, scale: f32, mean: f32, low: f32, high: f32): void {
  for (const end = x + (n << 2); x < end; x += 4, out += 4) {
    store<f32>(out, min(max(erfinv(load<f32>(x)) * scale + mean, low), high));
  }
}

/** trunc_normal_ since PyTorch 2.12, far from the mean: 1 where u accepts the candidate x, else 0. */
export function torchAccepted(x: usize, u: usize, out: usize, n: usize, mean: f32, std: f32, peak: f64): void {
  for (const end = x + (n << 2); x < end; x += 4, u += 4, out += 4) {
    const t = (load<f32>(x) - mean) / std;
    const density = <f32>(<f64>(t * t * -0.5) - peak);
    store<f32>(out, <f32>log64(<f64>load<f32>(u)) > density ? 0 : 1);
  }
}
