// Sigmoids and related functions, a class each. The row of the same name in src/activation/sigmoids.ts has formula,
// parameters and error bounds. NaN propagates, forward and backward. Where the slope is 0 the gradient is masked, so that an
// infinite g gives 0.

import { F32x4 } from '../f32';
import { F64x2 } from '../f64';
import { math } from '../math';
import { Binary, map, mapTwo, Unary, zip, zipTwo } from '../pointwise';

const ONE: usize = memory.data<f32>([1.0, -2.0]);

/** c = 2^-32; the bounds of -x below which 1 + e^-x is 1, and above which 1 / (1 + e^-x) is 0. */
const SIGMOID: usize = memory.data<f32>([2.3283064365386963e-10, -60.0, 104.0]);

/**
 * 1 / (1 + e^-x) as c / (c + c e^-x), with c e^-x = s + s q, s a power of two. With c = 2^-32, e^104 does not overflow and
 * subnormal results are right. (Choosing between 1/(1+e) and e/(1+e) with e = e^-|x| takes three operations more and reached
 * 2.3 ulp. Adding c + s first loses half an ulp where s is 2^24 c: 2.44. To add that back takes three operations: 1.75.)
 */
class Sigmoid implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    const c = F32x4.at(SIGMOID, 0);
    const t = f32x4.pmin(f32x4.pmax(F32x4.negated(x), F32x4.at(SIGMOID, 1)), F32x4.at(SIGMOID, 2));
    const octaves = math.octaves(t);
    const q = math.expm1(math.reduce(t, octaves));
    const s = math.scaled(c, octaves);
    return f32x4.div(c, f32x4.add(F32x4.mad(s, q, c), s));
  }
}
/** g y (1 - y) */
class SigmoidSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    return f32x4.mul(g, f32x4.mul(y, f32x4.sub(F32x4.at(ONE, 0), y)));
  }
}
export function sigmoidForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Sigmoid>(x, out, n, a, b);
}
export function sigmoidBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<SigmoidSlope>(y, g, out, n, a, b);
}

/** For |x| > 9.25 tanh is 1: e^-18.5 is less than half an ulp. */
const TANH: usize = memory.data<f32>([-18.5]);

/**
 * (1 - E) / (1 + E) with E = e^(-2|x|) = s + s q, s a power of two, and the sign of x. s - 1 and s + 1 are exact, so that
 * numerator and denominator are each rounded once. (-e / (2 + e) with e = E - 1 reached 2.5 ulp.)
 */
class Tanh implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    const one = F32x4.at(ONE, 0);
    const t = f32x4.pmax(f32x4.mul(F32x4.size(x), F32x4.at(ONE, 1)), F32x4.at(TANH, 0));
    const octaves = math.octaves(t);
    const q = math.expm1(math.reduce(t, octaves));
    const s = math.scaled(one, octaves);
    const sq = f32x4.mul(s, q);
    const y = f32x4.div(f32x4.sub(f32x4.sub(one, s), sq), f32x4.add(sq, f32x4.add(s, one)));
    return v128.or(y, v128.and(x, F32x4.sign()));
  }
}
/** g (1 - y^2), as (1 - y)(1 + y): 1 - y is exact where it is small. */
class TanhSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    const one = F32x4.at(ONE, 0);
    return f32x4.mul(g, f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y)));
  }
}
export function tanhForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Tanh>(x, out, n, a, b);
}
export function tanhBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<TanhSlope>(y, g, out, n, a, b);
}

const SIXTH: usize = memory.data<f32>([3.0, 6.0]);

/** min(max(x + 3, 0), 6) / 6 */
class HardSigmoid implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    const six = F32x4.at(SIXTH, 1);
    return f32x4.div(f32x4.pmin(f32x4.pmax(f32x4.add(x, F32x4.at(SIXTH, 0)), f32x4.splat(0)), six), six);
  }
}
class HardSigmoidSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    const inside = v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, F32x4.at(ONE, 0)));
    return F32x4.masked(f32x4.div(g, F32x4.at(SIXTH, 1)), inside, y);
  }
}

/** 1 / 6 in binary64: an a of 1 / 6 means this, not the binary32 next to it. */
const EXACT: usize = memory.data<f64>([0.16666666666666666]);

/** min(max(a x + b, 0), 1). In binary64, where a x is exact: near the end at 0 the sum is a difference of near equals. */
class HardSigmoidScaled implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    const sixth = f32x4.eq(a, f32x4.splat(<f32>(1.0 / 6.0)));
    const slope = v128.bitselect(F64x2.at(EXACT, 0), F32x4.low(a), sixth);
    const shift = F32x4.low(b);
    const low = F64x2.mad(F32x4.low(x), slope, shift);
    const high = F64x2.mad(F32x4.high(x), slope, shift);
    const zero = f64x2.splat(0);
    const one = f64x2.splat(1);
    return F32x4.narrow(f64x2.pmin(f64x2.pmax(low, zero), one), f64x2.pmin(f64x2.pmax(high, zero), one));
  }
}
class HardSigmoidScaledSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    const inside = v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, F32x4.at(ONE, 0)));
    return F32x4.masked(f32x4.mul(g, a), inside, y);
  }
}
export function hardSigmoidForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  if (a == <f32>(1.0 / 6.0) && b == 0.5) map<HardSigmoid>(x, out, n, a, b);
  else mapTwo<HardSigmoidScaled>(x, out, n, a, b);
}
export function hardSigmoidBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  if (a == <f32>(1.0 / 6.0)) zip<HardSigmoidSlope>(y, g, out, n, a, b);
  else zip<HardSigmoidScaledSlope>(y, g, out, n, a, b);
}

/** ln(1 + e^x) */
class Softplus implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    return math.softplus(x);
  }
}
class SoftplusSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    // 1 - e^(-a y)
    return f32x4.mul(g, F32x4.negated(math.expm1Negative(F32x4.negated(f32x4.mul(a, y)))));
  }
}

/** ln(1 + e^(a x)) / a, or x where a x > b. In binary64, since rounding a x would cost a x ulp. */
class SoftplusScaled implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    const scale = F32x4.low(a);
    const low = f64x2.div(F64x2.softplus(f64x2.mul(F32x4.low(x), scale)), scale);
    const high = f64x2.div(F64x2.softplus(f64x2.mul(F32x4.high(x), scale)), scale);
    return v128.bitselect(x, F32x4.narrow(low, high), f32x4.gt(f32x4.mul(x, a), b));
  }
}
export function softplusForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  if (a == 1) map<Softplus>(x, out, n, a, b);
  else mapTwo<SoftplusScaled>(x, out, n, a, b);
}
export function softplusBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<SoftplusSlope>(y, g, out, n, a, b);
}

/** -ln(1 + e^-x) */
class LogSigmoid implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    return F32x4.negated(math.softplus(F32x4.negated(x)));
  }
}
class LogSigmoidSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    // 1 - e^y
    return f32x4.mul(g, F32x4.negated(math.expm1Negative(y)));
  }
}
export function logSigmoidForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<LogSigmoid>(x, out, n, a, b);
}
export function logSigmoidBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<LogSigmoidSlope>(y, g, out, n, a, b);
}

/** The largest finite value, to which |x| is clamped: the limit of x / (1 + |x|) is 1, where infinity would give NaN. */
const LARGE: usize = memory.data<f32>([3.4028234663852886e38]);

/** x / (1 + |x|) */
class Softsign implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    const size = f32x4.pmin(F32x4.size(x), F32x4.at(LARGE, 0));
    return v128.bitselect(x, f32x4.div(size, f32x4.add(size, F32x4.at(ONE, 0))), F32x4.sign());
  }
}
class SoftsignSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    // (1 - |y|)^2
    const difference = f32x4.sub(F32x4.at(ONE, 0), F32x4.size(y));
    return f32x4.mul(g, f32x4.mul(difference, difference));
  }
}
export function softsignForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Softsign>(x, out, n, a, b);
}
export function softsignBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<SoftsignSlope>(y, g, out, n, a, b);
}

/** (x - tanh x) / x^3 in x^2 on |x| <= 0.6, minimax: off by at most 3.3e-11. Then 0.36, and 2. */
const TANHSHRINK: usize = memory.data<f64>([
  8.986245990745357e-4, -3.3440299052830153e-3, 8.805612350886345e-3, -2.1862478529286904e-2, 5.3967844057111136e-2,
  -0.13333332430550643, 0.333333333300835, 0.36, 2.0,
]);

/** x - tanh x on |x| <= 0.6, by its series. */
function tanhshrinkSeries(x: v128, z: v128): v128 {
  return f64x2.mul(f64x2.mul(z, x), F64x2.polynomial(TANHSHRINK, 7, z));
}

/** (1 - E) / (1 + E) with E = e^(-2|x|), and the sign of x. */
function tanh64(x: v128): v128 {
  const one = f64x2.splat(1);
  const e = F64x2.exp(f64x2.mul(f64x2.abs(x), f64x2.neg(F64x2.at(TANHSHRINK, 8))));
  const y = f64x2.div(f64x2.sub(one, e), f64x2.add(one, e));
  return v128.bitselect(x, y, f64x2.splat(-0.0));
}

/** x - tanh x: by the series where it is a difference of near equals. */
function tanhshrink(x: v128): v128 {
  const z = f64x2.mul(x, x);
  return v128.bitselect(tanhshrinkSeries(x, z), f64x2.sub(x, tanh64(x)), f64x2.lt(z, F64x2.at(TANHSHRINK, 7)));
}

/** tanh^2 x. Near 0, where 1 - E would lose digits, tanh x comes from the series of x - tanh x. */
function tanhSquared(x: v128): v128 {
  const z = f64x2.mul(x, x);
  const t = v128.bitselect(f64x2.sub(x, tanhshrinkSeries(x, z)), tanh64(x), f64x2.lt(z, F64x2.at(TANHSHRINK, 7)));
  return f64x2.mul(t, t);
}

/** x - tanh x */
class Tanhshrink implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    return F32x4.narrow(tanhshrink(F32x4.low(x)), tanhshrink(F32x4.high(x)));
  }
}
class TanhshrinkSlope implements Binary {
  @inline apply(x: v128, g: v128, a: v128, b: v128): v128 {
    return F32x4.narrow(
      f64x2.mul(F32x4.low(g), tanhSquared(F32x4.low(x))),
      f64x2.mul(F32x4.high(g), tanhSquared(F32x4.high(x))),
    );
  }
}
export function tanhshrinkForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  mapTwo<Tanhshrink>(x, out, n, a, b);
}
export function tanhshrinkBackward(x: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zipTwo<TanhshrinkSlope>(x, g, out, n, a, b);
}

/** (x + sqrt(x^2 + a)) / 2. For x < 0 it is a / 4 divided by its value at -x, which is no difference of near equals. */
function squareplus(x: v128, a: v128): v128 {
  const half = f64x2.splat(0.5);
  const y = f64x2.mul(f64x2.add(f64x2.abs(x), f64x2.sqrt(f64x2.add(f64x2.mul(x, x), a))), half);
  const negative = f64x2.div(f64x2.mul(f64x2.mul(a, half), half), y);
  return v128.bitselect(y, negative, f64x2.ge(x, f64x2.splat(0)));
}

/** y^2 / (y^2 + a / 4) */
function squareplusSlope(y: v128, a: v128): v128 {
  const quarter = f64x2.mul(a, f64x2.splat(0.25));
  const one = f64x2.splat(1);
  return f64x2.div(one, f64x2.add(one, f64x2.div(quarter, f64x2.mul(y, y))));
}

/** (x + sqrt(x^2 + a)) / 2 (Barron 2021) */
class Squareplus implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    return F32x4.narrow(squareplus(F32x4.low(x), F32x4.low(a)), squareplus(F32x4.high(x), F32x4.low(a)));
  }
}
class SquareplusSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    const low = f64x2.mul(F32x4.low(g), squareplusSlope(F32x4.low(y), F32x4.low(a)));
    return F32x4.narrow(low, f64x2.mul(F32x4.high(g), squareplusSlope(F32x4.high(y), F32x4.low(a))));
  }
}
export function squareplusForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  mapTwo<Squareplus>(x, out, n, a, b);
}
export function squareplusBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zipTwo<SquareplusSlope>(y, g, out, n, a, b);
}
