// The laws by which PyTorch turns MT19937's words into float32 values on an x86 processor with AVX2, bit for
// bit (checked against 1.13, 2.6 and 2.14). There every product and sum is one fused operation. WebAssembly
// has none, but the product of two binary32 is exact in binary64, so that only the sum needs care.
//
// State: MT19937's 625 words; word 626 is 1 if a normal is cached; words 628 and 629 hold it, a binary64.

import { lane } from './lane';
import { erf, exp64, log64, sine64 } from './math';
import { mt19937Bits, mt19937Next } from './mt19937';

const CACHED: usize = 2504;
const CACHE: usize = 2512;

/** a + b rounded to odd: rounding it again, to binary32, is then as rounding the exact sum. */
function addOdd(a: f64, b: f64): f64 {
  const s = a + b;
  const t = s - a;
  const error = a - (s - t) + (b - t);
  const bits = reinterpret<u64>(s);
  if (error == 0 || bits & 1 || !(abs(s) < Infinity)) return s;
  return reinterpret<f64>(error > 0 == s > 0 ? bits + 1 : bits - 1);
}

/** a b + c in binary32, one rounding. */
function fma(a: f32, b: f32, c: f32): f32 {
  return <f32>addOdd(<f64>a * <f64>b, <f64>c);
}

/** What PyTorch's processor does in one operation. Inlined: a call for each costs a third of the normals' speed. */
abstract class fused {
  /**
   * a b + c by binary64, four lanes. Equal to the fused operation in all steps of log and sincos below, for
   * every one of their 2^24 possible inputs; elsewhere it may differ where the sum is a midpoint of binary32.
   */
  @inline static near(a: v128, b: v128, c: v128): v128 {
    return lane.narrow(
      f64x2.add(f64x2.mul(lane.low(a), lane.low(b)), lane.low(c)),
      f64x2.add(f64x2.mul(lane.high(a), lane.high(b)), lane.high(c)),
    );
  }

  /** Might rounding to binary32 go wrong: a midpoint, or a subnormal result? */
  @inline static doubtful(s: v128): bool {
    const midpoint = i64x2.eq(v128.and(s, v128.load64_splat(MIDPOINT)), v128.load64_splat(MIDPOINT, 8));
    return v128.any_true(v128.or(midpoint, f64x2.lt(f64x2.abs(s), v128.load64_splat(MIDPOINT, 16))));
  }

  /** a b + c, one rounding, four lanes: binary64, and again lane by lane where that is in doubt. */
  @inline static fma4(a: v128, b: v128, c: v128): v128 {
    const s0 = f64x2.add(f64x2.mul(lane.low(a), lane.low(b)), lane.low(c));
    const s1 = f64x2.add(f64x2.mul(lane.high(a), lane.high(b)), lane.high(c));
    if (!(fused.doubtful(s0) || fused.doubtful(s1))) return lane.narrow(s0, s1);
    v128.store(DOUBTFUL, a);
    v128.store(DOUBTFUL, b, 16);
    v128.store(DOUBTFUL, c, 32);
    for (let p = DOUBTFUL; p < DOUBTFUL + 16; p += 4)
      store<f32>(p, fma(load<f32>(p), load<f32>(p, 16), load<f32>(p, 32)));
    return v128.load(DOUBTFUL);
  }

  /** 24 of the word's bits, in [0, 1). */
  @inline static unit(bits: v128): v128 {
    return f32x4.mul(f32x4.convert_i32x4_s(v128.and(bits, i32x4.splat(0xffffff))), f32x4.splat(5.9604644775390625e-8));
  }
}

/** The lowest 29 bits of a binary64, those of a midpoint between two binary32, and 2^-126. */
const MIDPOINT: usize = memory.data<u64>([0x1fffffff, 0x10000000, 0x3810000000000000]);

const DOUBTFUL: usize = memory.data(48, 16);

export function torchBits(state: usize, out: usize, n: usize): void {
  mt19937Bits(state, out, n);
}

/** low + range u; a value that rounds to `avoid` becomes low (PyTorch from 2.12 on; NaN avoids nothing). */
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

/** Cephes' logf (Moshier), with its last constant and step: 9 coefficients, ln 2 in two parts, sqrt(1/2), 1/2, 1. */
const LOG: usize = memory.data<f32>([
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1, -2.1219444e-4, 0.693359375, 0.707106781186547524, 0.5, 1.0,
]);

function log(x: v128): v128 {
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(126)));
  const m = v128.or(v128.and(x, i32x4.splat(0x007fffff)), lane.at(LOG, 12));
  const below = f32x4.lt(m, lane.at(LOG, 11));
  e = f32x4.sub(e, v128.and(below, lane.at(LOG, 13)));
  x = f32x4.add(f32x4.sub(m, lane.at(LOG, 13)), v128.and(below, m));
  const z = f32x4.mul(x, x);
  let y = fused.near(lane.at(LOG, 0), x, lane.at(LOG, 1));
  for (let k: usize = 2; k < 9; k++) y = fused.near(y, x, lane.at(LOG, k));
  y = fused.near(f32x4.mul(y, x), z, f32x4.mul(e, lane.at(LOG, 9)));
  y = f32x4.sub(y, f32x4.mul(z, lane.at(LOG, 12)));
  return fused.near(e, lane.at(LOG, 10), f32x4.add(x, y));
}

/** Cephes' sinf and cosf: 4/pi; -pi/4 in three parts; 3 + 3 coefficients; 2 pi. */
const SINCOS: usize = memory.data<f32>([
  1.27323954473516, -0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8, -1.9515295891e-4, 8.3321608736e-3,
  -1.6666654611e-1, 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2, 6.283185307179586,
]);

/** Sixteen uniforms at p become sixteen normals: 0 to 7 give the radius, 8 to 15 the angle. */
function sixteen(p: usize, mean: v128, std: v128): void {
  for (const end = p + 32; p < end; p += 16) {
    const u = f32x4.sub(f32x4.splat(1), v128.load(p));
    const r = f32x4.sqrt(f32x4.mul(f32x4.splat(-2), log(u)));
    let x = f32x4.mul(lane.at(SINCOS, 10), v128.load(p, 32));
    const j = v128.and(
      i32x4.add(i32x4.trunc_sat_f32x4_s(f32x4.mul(x, lane.at(SINCOS, 0))), i32x4.splat(1)),
      i32x4.splat(~1),
    );
    const k = f32x4.convert_i32x4_s(j);
    x = fused.near(lane.at(SINCOS, 1), k, x);
    x = fused.near(lane.at(SINCOS, 2), k, x);
    x = fused.near(lane.at(SINCOS, 3), k, x);
    const z = f32x4.mul(x, x);
    let c = fused.near(lane.at(SINCOS, 7), z, lane.at(SINCOS, 8));
    c = f32x4.mul(fused.near(c, z, lane.at(SINCOS, 9)), z);
    c = fused.near(z, c, f32x4.mul(z, f32x4.splat(-0.5)));
    c = f32x4.add(c, f32x4.splat(1));
    let s = fused.near(lane.at(SINCOS, 4), z, lane.at(SINCOS, 5));
    s = f32x4.mul(fused.near(s, z, lane.at(SINCOS, 6)), z);
    s = fused.near(x, s, x);
    const swap = i32x4.ne(v128.and(j, i32x4.splat(2)), i32x4.splat(0));
    // Bit 2 of j is the sign of the sine; bit 2 of ~(j - 2) that of the cosine.
    const sine = v128.xor(v128.bitselect(c, s, swap), v128.and(i32x4.shl(j, 29), lane.sign()));
    const turned = v128.not(i32x4.sub(j, i32x4.splat(2)));
    const cosine = v128.xor(v128.bitselect(s, c, swap), v128.and(i32x4.shl(turned, 29), lane.sign()));
    v128.store(p, fused.fma4(f32x4.mul(r, cosine), std, mean));
    v128.store(p, fused.fma4(f32x4.mul(r, sine), std, mean), 32);
  }
}

function units(state: usize, out: usize, n: usize): void {
  mt19937Bits(state, out, n);
  for (const end = out + (n << 2); out < end; out += 16) v128.store(out, fused.unit(v128.load(out)));
}

/** n normals, n a multiple of 16. */
export function torchNormal(state: usize, out: usize, n: usize, mean: f32, std: f32): void {
  const m = f32x4.splat(mean);
  const s = f32x4.splat(std);
  units(state, out, n);
  for (const end = out + (n << 2); out < end; out += 64) sixteen(out, m, s);
}

const DROPPED: usize = memory.data(64, 16);

/** The last sixteen (n) of a length that is no multiple of 16: `rest` words are passed over, sixteen drawn anew. */
export function torchNormalTail(state: usize, out: usize, n: usize, mean: f32, std: f32, rest: usize): void {
  mt19937Bits(state, DROPPED, rest);
  torchNormal(state, out, n, mean, std);
}

/** 53 bits in [0, 1), the high word drawn first. */
function unit53(state: usize): f64 {
  const high = <u64>(mt19937Next(state) & 0x1fffff);
  return <f64>((high << 32) | <u64>mt19937Next(state)) * 1.1102230246251565e-16;
}

/** a b + c in binary64, one rounding (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008). */
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
  // Two exact sums, and the rest rounded to odd.
  const th = c + e;
  const tb = th - c;
  const tl = c - (th - tb) + (e - tb);
  const vh = p + th;
  const vb = vh - p;
  const vl = p - (vh - vb) + (th - vb);
  return vh + addOdd(tl, vl);
}

/** Fewer than sixteen normals, one by one; each second one is kept for the next call, whenever that is. */
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

/** Winitzki's start of the inverse error function as PyTorch has it: a, b to 0.7, c, d beyond; then 2 / sqrt(pi). */
const ERFINV: usize = memory.data<f32>([
  0.886226899, -1.645349621, 0.914624893, -0.140543331, -2.118377725, 1.442710462, -0.329097515, 0.012229801,
  -1.970840454, -1.624906493, 3.429567803, 1.641345311, 3.5438892, 1.6370678, 1.1283791670955126,
]);

function coefficient(k: usize): f32 {
  return load<f32>(ERFINV + (k << 2));
}

/** The polynomial in z with coefficients from..to, the last of the highest power, each step fused. */
function polynomial(z: f32, from: i32, to: i32): f32 {
  let sum = coefficient(to);
  for (let k = to - 1; k >= from; k--) sum = fma(sum, z, coefficient(k));
  return sum;
}

/** calc_erfinv<float>: a rational start and two steps of Newton; erf, exp and ln in binary64, rounded. */
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

/** trunc_normal_ before PyTorch 2.12: from uniforms on (2 Phi(low) - 1, 2 Phi(high) - 1). */
export function torchTruncated(x: usize, out: usize, n: usize, scale: f32, mean: f32, low: f32, high: f32): void {
  for (const end = x + (n << 2); x < end; x += 4, out += 4) {
    store<f32>(out, min(max(erfinv(load<f32>(x)) * scale + mean, low), high));
  }
}

/** trunc_normal_ from PyTorch 2.12 on, far from the mean: 1 where candidate x is accepted by u, else 0. */
export function torchAccepted(x: usize, u: usize, out: usize, n: usize, mean: f32, std: f32, peak: f64): void {
  for (const end = x + (n << 2); x < end; x += 4, u += 4, out += 4) {
    const t = (load<f32>(x) - mean) / std;
    const density = <f32>(<f64>(t * t * -0.5) - peak);
    store<f32>(out, <f32>log64(<f64>load<f32>(u)) > density ? 0 : 1);
  }
}
