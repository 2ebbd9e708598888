// The kernels of the distributions: for each a class that turns words into values, and functions that fill an array with it
// from Philox or Threefry. src/random/distributions.ts has a row for each. PyTorch's uniforms and normals, which need fused
// operations, are in torch.ts.

import { F32x4 } from '../f32';
import { log64, math } from '../math';
import { PARAMETERS_F32, PARAMETERS_F64, scratch } from '../scratch';
import { ByWord, Distribution, Each, fill, Philox, Threefry } from './fill';
import { fused } from './fused';
import { unit53 } from './torch';

/** The words themselves. */
class Bits implements Distribution {
  @inline sixteen(p: usize): void {}
}
export function philoxBits(state: usize, out: usize, n: usize): void {
  fill<Philox, Bits>(state, out, n);
}

const UNIT: usize = memory.data<f32>([5.9604644775390625e-8]); // 2^-24

/** low + range u, where u is a multiple of 2^-24 in [0, 1), clamped to the largest value allowed: rounding can reach `high`. */
class Uniform implements ByWord {
  @inline four(bits: v128): v128 {
    const u = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(bits, 8)), F32x4.at(UNIT, 0));
    return f32x4.pmin(
      F32x4.mad(u, F32x4.at(scratch + PARAMETERS_F32, 1), F32x4.at(scratch + PARAMETERS_F32, 0)),
      F32x4.at(scratch + PARAMETERS_F32, 2),
    );
  }
}
/** low + range u; last is the largest value allowed. */
export function philoxUniform(state: usize, out: usize, n: usize, low: f32, range: f32, last: f32): void {
  store<f32>(scratch + PARAMETERS_F32, low);
  store<f32>(scratch + PARAMETERS_F32, range, 4);
  store<f32>(scratch + PARAMETERS_F32, last, 8);
  fill<Philox, Each<Uniform>>(state, out, n);
}

/** -2, 2^-31, 2^-32 */
const NORMAL: usize = memory.data<f32>([-2.0, 4.656612873077393e-10, 2.3283064365386963e-10]);

/**
 * Normals by the transform of Box and Muller (1958): mean + std sqrt(-2 ln u) times the cosine and the sine of an angle. Of a
 * block's words a, b, c, d the pair (a, b) gives values 0 and 1, (c, d) values 2 and 3. u has 31 bits, so that values reach
 * 6.66 standard deviations. The angle has 32: two for the quadrant, 30 for the angle in it.
 */
class Normal implements Distribution {
  @inline sixteen(p: usize): void {
    const w0 = v128.load(p);
    const w1 = v128.load(p, 16);
    const w2 = v128.load(p, 32);
    const w3 = v128.load(p, 48);
    const r0 = this.radius(v128.shuffle<u32>(w0, w1, 0, 2, 4, 6));
    const r1 = this.radius(v128.shuffle<u32>(w2, w3, 0, 2, 4, 6));
    const b0 = v128.shuffle<u32>(w0, w1, 1, 3, 5, 7);
    const b1 = v128.shuffle<u32>(w2, w3, 1, 3, 5, 7);
    const y0 = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shl(b0, 2)), F32x4.at(NORMAL, 2));
    const y1 = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shl(b1, 2)), F32x4.at(NORMAL, 2));
    const sine0 = math.sin(y0);
    const sine1 = math.sin(y1);
    const cosine0 = math.cos(y0);
    const cosine1 = math.cos(y1);
    const mean = F32x4.at(scratch + PARAMETERS_F32, 0);
    const even0 = F32x4.mad(r0, this.inQuadrant(cosine0, sine0, b0, v128.xor(b0, i32x4.shl(b0, 1))), mean);
    const even1 = F32x4.mad(r1, this.inQuadrant(cosine1, sine1, b1, v128.xor(b1, i32x4.shl(b1, 1))), mean);
    const odd0 = F32x4.mad(r0, this.inQuadrant(sine0, cosine0, b0, b0), mean);
    const odd1 = F32x4.mad(r1, this.inQuadrant(sine1, cosine1, b1, b1), mean);
    v128.store(p, v128.shuffle<u32>(even0, odd0, 0, 4, 1, 5));
    v128.store(p, v128.shuffle<u32>(even0, odd0, 2, 6, 3, 7), 16);
    v128.store(p, v128.shuffle<u32>(even1, odd1, 0, 4, 1, 5), 32);
    v128.store(p, v128.shuffle<u32>(even1, odd1, 2, 6, 3, 7), 48);
  }
  @inline radius(a: v128): v128 {
    const u = F32x4.mad(f32x4.convert_i32x4_s(i32x4.shr_u(a, 1)), F32x4.at(NORMAL, 1), F32x4.at(NORMAL, 2));
    return f32x4.mul(f32x4.sqrt(f32x4.mul(math.log(u), F32x4.at(NORMAL, 0))), F32x4.at(scratch + PARAMETERS_F32, 1));
  }
  /** One of sine and cosine, with its sign. The quadrant is b's two top bits: the lower swaps the two, and each changes a sign. */
  @inline inQuadrant(one: v128, other: v128, b: v128, sign: v128): v128 {
    const swap = i32x4.shr_s(i32x4.shl(b, 1), 31);
    return v128.xor(v128.bitselect(other, one, swap), v128.and(sign, F32x4.sign()));
  }
}
export function philoxNormal(state: usize, out: usize, n: usize, mean: f32, std: f32): void {
  store<f32>(scratch + PARAMETERS_F32, mean);
  store<f32>(scratch + PARAMETERS_F32, std, 4);
  fill<Philox, Normal>(state, out, n);
}

/** 1 where the word is below the threshold, else 0. The threshold is in PARAMETERS_F32 as an integer. */
class Bernoulli implements ByWord {
  @inline four(bits: v128): v128 {
    return v128.and(i32x4.lt_u(bits, F32x4.at(scratch + PARAMETERS_F32, 0)), f32x4.splat(1));
  }
}
export function philoxBernoulli(state: usize, out: usize, n: usize, threshold: u32): void {
  store<u32>(scratch + PARAMETERS_F32, threshold);
  fill<Philox, Each<Bernoulli>>(state, out, n);
}

/** 1 where a uniform of 53 bits is below p, else 0: as PyTorch without MKL. (With MKL it uses another generator.) */
export function torchBernoulli(state: usize, out: usize, n: usize, p: f64): void {
  for (const end = out + (n << 2); out < end; out += 4) store<f32>(out, unit53(state) < p ? 1 : 0);
}

/**
 * The normal quantile function by Giles' change of variables ("Approximating the erfinv function", 2011): (2p - 1) times a
 * smooth function of w = -ln(4 p (1 - p)). Three minimax polynomials: in w - 2.5 for w < 5 (relative error 2e-7), in
 * sqrt(w) - 3.5 up to sqrt(w) = 5 (5e-7), and in sqrt(w) - 7 beyond (3e-8, up to w = 88, the end of binary32). They are our
 * own, since Giles' tail ends at w = 16.
 */
const CENTRE: usize = memory.data<f32>([
  3.340120002803815e-8, 4.869448844146973e-7, -4.902200089418329e-6, -6.229566679394338e-6, 3.08793707517907e-4,
  -1.7729605315253139e-3, -5.907687358558178e-3, 0.3488025963306427, 2.1233134269714355,
]);
const TAIL_NEAR: usize = memory.data<f32>([
  1.4694512174173724e-5, -2.3040697851683944e-4, 7.534737233072519e-4, -1.1234399862587452e-3, 1.4518378302454948e-3,
  -2.8286282904446125e-3, 4.659545142203569e-3, 1.4246225357055664, 4.717087745666504,
]);
const TAIL_FAR: usize = memory.data<f32>([
  -7.658327660919895e-8, 4.820761319024314e-7, -2.302450639035669e-6, 8.816897206997965e-6, 8.829449143377133e-6,
  -7.258238038048148e-4, 1.4263696670532227, 9.714261054992676,
]);
/** The bounds of w between the three polynomials, and the numbers subtracted from w or sqrt(w). */
const RANGES: usize = memory.data<f32>([5.0, 25.0, 2.5, 3.5, 7.0]);

abstract class quantile {
  /** The polynomial in t with nine coefficients, that of the highest power first. */
  @inline static polynomial(table: usize, t: v128): v128 {
    return F32x4.mad(F32x4.estrin8(table, t, f32x4.mul(t, t)), t, F32x4.at(table, 8));
  }
  /** mean + std z, clamped to the bounds: what truncated normals return. */
  @inline static clamped(z: v128): v128 {
    const value = F32x4.mad(z, F32x4.at(scratch + PARAMETERS_F32, 1), F32x4.at(scratch + PARAMETERS_F32, 0));
    return f32x4.pmin(f32x4.pmax(value, F32x4.at(scratch + PARAMETERS_F32, 2)), F32x4.at(scratch + PARAMETERS_F32, 3));
  }
}

/** Where 24 bits and the polynomial of the centre are enough: Phi(-2.9) < p < Phi(2.9), in an interval that is broad. */
const CENTRAL: f64 = 0.0019;
const BROAD: f64 = 0.125;

/** mean + std Phi^-1(p) for bounds such as the default -2 and 2: c = 2p - 1 with p from 24 bits, plus half a step. */
class CentralNormal implements ByWord {
  @inline four(bits: v128): v128 {
    const one = f32x4.splat(1);
    const c = F32x4.mad(
      f32x4.convert_i32x4_s(i32x4.shr_u(bits, 8)),
      F32x4.at(scratch + PARAMETERS_F32, 5),
      F32x4.at(scratch + PARAMETERS_F32, 4),
    );
    const w = F32x4.negated(math.log(f32x4.mul(f32x4.sub(one, c), f32x4.add(one, c))));
    return quantile.clamped(f32x4.mul(quantile.polynomial(CENTRE, f32x4.sub(w, F32x4.at(RANGES, 2))), c));
  }
}

/** mean + std Phi^-1(p), p uniform between Phi(low) and Phi(high). p is in binary64, the polynomials in binary32. */
class TruncatedNormal implements ByWord {
  four(bits: v128): v128 {
    // p from 32 bits, plus half a step.
    const p0 = this.probability(bits);
    const p1 = this.probability(v128.shuffle<u64>(bits, bits, 1, 0));
    const one = f64x2.splat(1);
    const centred = F32x4.narrow(f64x2.sub(f64x2.add(p0, p0), one), f64x2.sub(f64x2.add(p1, p1), one));
    const product = F32x4.narrow(f64x2.mul(p0, f64x2.sub(one, p0)), f64x2.mul(p1, f64x2.sub(one, p1)));
    const w = F32x4.negated(math.log(f32x4.mul(product, f32x4.splat(4))));
    let q = quantile.polynomial(CENTRE, f32x4.sub(w, F32x4.at(RANGES, 2)));
    const tail = f32x4.ge(w, F32x4.at(RANGES, 0));
    if (v128.any_true(tail)) {
      const v = f32x4.sqrt(w);
      q = v128.bitselect(quantile.polynomial(TAIL_NEAR, f32x4.sub(v, F32x4.at(RANGES, 3))), q, tail);
      const far = f32x4.ge(w, F32x4.at(RANGES, 1));
      if (v128.any_true(far)) {
        const t = f32x4.sub(v, F32x4.at(RANGES, 4));
        let r = F32x4.mad(t, F32x4.at(TAIL_FAR, 0), F32x4.at(TAIL_FAR, 1));
        for (let k: usize = 2; k < 8; k++) r = F32x4.mad(r, t, F32x4.at(TAIL_FAR, k));
        q = v128.bitselect(r, q, far);
      }
    }
    return quantile.clamped(f32x4.mul(q, centred));
  }
  @inline probability(bits: v128): v128 {
    return f64x2.add(
      f64x2.mul(f64x2.convert_low_i32x4_u(bits), v128.load64_splat(scratch + PARAMETERS_F64, 8)),
      v128.load64_splat(scratch + PARAMETERS_F64),
    );
  }
}

/**
 * Normals between Phi^-1(lower) and Phi^-1(upper) standard deviations from the mean. The interval's middle is at most 0: for
 * others src/random/truncated.ts mirrors it (std < 0), so that small probabilities lose no digits. Values that rounding moves
 * out of the interval are clamped to min and max.
 */
export function philoxTruncatedNormal(
  state: usize,
  out: usize,
  n: usize,
  mean: f32,
  std: f32,
  lower: f64,
  upper: f64,
  min: f32,
  max: f32,
): void {
  store<f32>(scratch + PARAMETERS_F32, mean);
  store<f32>(scratch + PARAMETERS_F32, std, 4);
  store<f32>(scratch + PARAMETERS_F32, min, 8);
  store<f32>(scratch + PARAMETERS_F32, max, 12);
  const range = upper - lower;
  if (lower > CENTRAL && upper < 1 - CENTRAL && range > BROAD) {
    store<f32>(scratch + PARAMETERS_F32, <f32>(2 * lower - 1 + range * 5.9604644775390625e-8), 16);
    store<f32>(scratch + PARAMETERS_F32, <f32>(range * 1.1920928955078125e-7), 20);
    fill<Philox, Each<CentralNormal>>(state, out, n);
    return;
  }
  const step = range * 2.3283064365386963e-10;
  store<f64>(scratch + PARAMETERS_F64, lower + 0.5 * step);
  store<f64>(scratch + PARAMETERS_F64, step, 8);
  fill<Philox, Each<TruncatedNormal>>(state, out, n);
}

export function threefryBits(state: usize, out: usize, n: usize): void {
  fill<Threefry, Bits>(state, out, n);
}

/** The bits of 1.0: with 23 random mantissa bits it is a number in [1, 2). */
const MANTISSA: usize = memory.data<u32>([0x3f800000]);

/** A multiple of 2^-23 in [0, 1). */
class ThreefryUnit implements ByWord {
  @inline four(bits: v128): v128 {
    const one = F32x4.at(MANTISSA, 0);
    return f32x4.sub(v128.or(i32x4.shr_u(bits, 9), one), one);
  }
}

/**
 * JAX's uniform: f range + low, where f is a multiple of 2^-23 in [0, 1). Product and sum are rounded once, as by XLA's fused
 * multiply-add on a CPU; in binary64, which has all bits of the sum unless low is small beside range, and not 0.
 */
class ThreefryUniform implements ByWord {
  @inline four(bits: v128): v128 {
    const f = changetype<ThreefryUnit>(0).four(bits);
    const low = F32x4.at(scratch + PARAMETERS_F32, 0);
    const range = F32x4.low(F32x4.at(scratch + PARAMETERS_F32, 1));
    const first = f64x2.add(f64x2.mul(F32x4.low(f), range), F32x4.low(low));
    const second = f64x2.add(f64x2.mul(F32x4.high(f), range), F32x4.low(low));
    return F32x4.narrow(first, second);
  }
}
/** The same for any low. */
class ThreefryUniformFused implements ByWord {
  four(bits: v128): v128 {
    const f = changetype<ThreefryUnit>(0).four(bits);
    return fused.fma4(f, F32x4.at(scratch + PARAMETERS_F32, 1), F32x4.at(scratch + PARAMETERS_F32, 0));
  }
}
export function threefryUniform(state: usize, out: usize, n: usize, low: f32, range: f32): void {
  store<f32>(scratch + PARAMETERS_F32, low);
  store<f32>(scratch + PARAMETERS_F32, range, 4);
  // 2^-20: f range has 47 bits, of which the last is 2^-46 of the first; low has 24.
  if (low == 0 || abs(low) > range * 9.5367431640625e-7) fill<Threefry, Each<ThreefryUniform>>(state, out, n);
  else fill<Threefry, Each<ThreefryUniformFused>>(state, out, n);
}

/** Giles' erfinv in single precision, as in XLA: in w - 2.5 for w = -ln(1 - u^2) < 5, in sqrt(w) - 3 beyond. */
const ERFINV_CENTRE: usize = memory.data<f32>([
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  0.246640727, 1.50140941,
]);
const ERFINV_TAIL: usize = memory.data<f32>([
  -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3, 1.00167406,
  2.83297682,
]);
/** The bound of w between the two, the numbers subtracted, sqrt(2), and infinity. */
const ERFINV: usize = memory.data<f32>([5.0, 2.5, 3.0, 1.41421356237, Infinity]);

/** mean + std sqrt(2) erfinv(u), where u is JAX's uniform, clamped to the bounds: to which, where u is -1 or 1. */
class ThreefryNormal implements ByWord {
  four(bits: v128): v128 {
    const u = changetype<ThreefryUniform>(0).four(bits);
    const one = f32x4.splat(1);
    // u^2 is rounded before the subtraction, as in XLA. To be more exact would differ from JAX by up to 2e-5 in the tails.
    const square = f32x4.mul(u, u);
    const w = F32x4.negated(math.log(f32x4.sub(one, square)));
    const centre = quantile.polynomial(ERFINV_CENTRE, f32x4.sub(w, F32x4.at(ERFINV, 1)));
    const tail = quantile.polynomial(ERFINV_TAIL, f32x4.sub(f32x4.sqrt(w), F32x4.at(ERFINV, 2)));
    const p = v128.bitselect(centre, tail, f32x4.lt(w, F32x4.at(ERFINV, 0)));
    const end = f32x4.eq(square, one);
    const z = v128.bitselect(f32x4.mul(u, F32x4.at(ERFINV, 4)), f32x4.mul(f32x4.mul(p, u), F32x4.at(ERFINV, 3)), end);
    const value = F32x4.mad(z, F32x4.at(scratch + PARAMETERS_F32, 3), F32x4.at(scratch + PARAMETERS_F32, 2));
    return f32x4.pmin(f32x4.pmax(value, F32x4.at(scratch + PARAMETERS_F32, 4)), F32x4.at(scratch + PARAMETERS_F32, 5));
  }
}
export function threefryNormal(
  state: usize,
  out: usize,
  n: usize,
  low: f32,
  range: f32,
  mean: f32,
  std: f32,
  min: f32,
  max: f32,
): void {
  store<f32>(scratch + PARAMETERS_F32, low);
  store<f32>(scratch + PARAMETERS_F32, range, 4);
  store<f32>(scratch + PARAMETERS_F32, mean, 8);
  store<f32>(scratch + PARAMETERS_F32, std, 12);
  store<f32>(scratch + PARAMETERS_F32, min, 16);
  store<f32>(scratch + PARAMETERS_F32, max, 20);
  fill<Threefry, Each<ThreefryNormal>>(state, out, n);
}

/** 1 where JAX's uniform on [0, 1) is below p, else 0. */
class ThreefryBernoulli implements ByWord {
  @inline four(bits: v128): v128 {
    const u = changetype<ThreefryUniform>(0).four(bits);
    return v128.and(f32x4.lt(u, F32x4.at(scratch + PARAMETERS_F32, 2)), f32x4.splat(1));
  }
}
export function threefryBernoulli(state: usize, out: usize, n: usize, p: f32): void {
  store<f32>(scratch + PARAMETERS_F32, 0);
  store<f32>(scratch + PARAMETERS_F32, 1, 4);
  store<f32>(scratch + PARAMETERS_F32, p, 8);
  fill<Threefry, Each<ThreefryBernoulli>>(state, out, n);
}

/** -ln u times the mean, u from 31 bits plus half a step: from 0 to 22.2 means. JAX's is -ln(1 - u) of its uniform u. */
class Exponential implements ByWord {
  @inline four(bits: v128): v128 {
    const u = F32x4.mad(f32x4.convert_i32x4_s(i32x4.shr_u(bits, 1)), F32x4.at(NORMAL, 1), F32x4.at(NORMAL, 2));
    // Not by a change of sign, which makes -0 of ln 1.
    return f32x4.mul(f32x4.sub(f32x4.splat(0), math.log(u)), F32x4.at(scratch + PARAMETERS_F32, 0));
  }
}
class ThreefryExponential implements ByWord {
  @inline four(bits: v128): v128 {
    // 1 - u = 2 - (1 + u), where 1 + u has the random bits as its mantissa. Both are exact.
    const one = F32x4.at(MANTISSA, 0);
    const complement = f32x4.sub(f32x4.splat(2), v128.or(i32x4.shr_u(bits, 9), one));
    return f32x4.mul(f32x4.sub(f32x4.splat(0), math.log(complement)), F32x4.at(scratch + PARAMETERS_F32, 0));
  }
}
export function philoxExponential(state: usize, out: usize, n: usize, mean: f32): void {
  store<f32>(scratch + PARAMETERS_F32, mean);
  fill<Philox, Each<Exponential>>(state, out, n);
}
export function threefryExponential(state: usize, out: usize, n: usize, mean: f32): void {
  store<f32>(scratch + PARAMETERS_F32, mean);
  fill<Threefry, Each<ThreefryExponential>>(state, out, n);
}
/** PyTorch's exponential_ without MKL: -ln(1 - u) / rate in binary64, rounded to binary32. */
export function torchExponential(state: usize, out: usize, n: usize, mean: f64): void {
  for (const end = out + (n << 2); out < end; out += 4) store<f32>(out, <f32>(mean * (0 - log64(1 - unit53(state)))));
}
