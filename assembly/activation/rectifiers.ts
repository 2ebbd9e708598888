// Rectifiers and other functions of straight pieces, a class each. The row of the same name in src/activation/rectifiers.ts has
// formula, parameters and error bounds. NaN propagates, forward and backward. Where the slope is 0 the gradient is masked, so
// that an infinite g gives 0.

import { F32x4 } from '../f32';
import { math } from '../math';
import { Binary, map, Unary, zip } from '../pointwise';

/** 1, and -2^-30. */
const ONE: usize = memory.data<f32>([1.0, -9.313225746154785e-10]);

/** max(x, 0) */
class Relu implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    return f32x4.pmax(x, f32x4.splat(0));
  }
}
class ReluSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    return F32x4.masked(g, f32x4.gt(y, f32x4.splat(0)), y);
  }
}
export function reluForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Relu>(x, out, n, a, b);
}
export function reluBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<ReluSlope>(y, g, out, n, a, b);
}

/** x > 0 ? x : a x */
class LeakyRelu implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    return v128.bitselect(x, f32x4.mul(x, a), f32x4.gt(x, f32x4.splat(0)));
  }
}
class LeakyReluSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    return v128.or(v128.bitselect(g, f32x4.mul(g, a), f32x4.gt(y, f32x4.splat(0))), f32x4.ne(y, y));
  }
}
/** The same for 0 < a <= 1, where it is max(x, a x): two operations instead of five, 13,000 against 9,600 M/s. */
class LeakyReluMax implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    return f32x4.pmax(x, f32x4.mul(x, a));
  }
}
export function leakyReluForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  if (a > 0 && a <= 1) map<LeakyReluMax>(x, out, n, a, b);
  else map<LeakyRelu>(x, out, n, a, b);
}
export function leakyReluBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<LeakyReluSlope>(y, g, out, n, a, b);
}

/** min(max(x, 0), 6) */
class Relu6 implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, f32x4.splat(0)), f32x4.splat(6));
  }
}
class Relu6Slope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    return F32x4.masked(g, v128.and(f32x4.gt(y, f32x4.splat(0)), f32x4.lt(y, f32x4.splat(6))), y);
  }
}
export function relu6Forward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Relu6>(x, out, n, a, b);
}
export function relu6Backward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<Relu6Slope>(y, g, out, n, a, b);
}

/** min(max(x, a), b) */
class Hardtanh implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, a), b);
  }
}
class HardtanhSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    return F32x4.masked(g, v128.and(f32x4.gt(y, a), f32x4.lt(y, b)), y);
  }
}
export function hardtanhForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Hardtanh>(x, out, n, a, b);
}
export function hardtanhBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<HardtanhSlope>(y, g, out, n, a, b);
}

/** x > 0 ? x : a (e^x - 1) */
class Elu implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    return v128.bitselect(x, f32x4.mul(a, math.expm1Negative(x)), f32x4.gt(x, f32x4.splat(0)));
  }
}
class EluSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    const slope = v128.bitselect(F32x4.at(ONE, 0), f32x4.add(y, a), f32x4.gt(y, f32x4.splat(0)));
    return f32x4.mul(g, slope);
  }
}
export function eluForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Elu>(x, out, n, a, b);
}
export function eluBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<EluSlope>(y, g, out, n, a, b);
}

/** x > 0 ? x : a (e^(x / a) - 1) */
class Celu implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    // Just below 0 the result is x too: a subnormal x / a would lose digits.
    const straight = f32x4.gt(x, f32x4.mul(a, F32x4.at(ONE, 1)));
    return v128.bitselect(x, f32x4.mul(a, math.expm1Negative(f32x4.div(x, a))), straight);
  }
}
class CeluSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    // (y + a) b with b = 1 / a. A small sum is exact, where y / a + 1 would have the rounding error of y / a.
    const slope = f32x4.mul(f32x4.add(y, a), b);
    return f32x4.mul(g, v128.bitselect(F32x4.at(ONE, 0), slope, f32x4.gt(y, f32x4.splat(0))));
  }
}
export function celuForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Celu>(x, out, n, a, b);
}
/** The same by a division, for an a of which 1 / a is subnormal or infinite. */
class CeluQuotient implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    const slope = f32x4.div(f32x4.add(y, a), a);
    return f32x4.mul(g, v128.bitselect(F32x4.at(ONE, 0), slope, f32x4.gt(y, f32x4.splat(0))));
  }
}
export function celuBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  const inverse: f32 = 1 / a;
  if (inverse >= f32.MIN_NORMAL_VALUE && inverse < Infinity) zip<CeluSlope>(y, g, out, n, a, inverse);
  else zip<CeluQuotient>(y, g, out, n, a, b);
}

/** lambda and lambda alpha of Klambauer et al. (2017), and the rounding error of the latter. */
const SELU: usize = memory.data<f32>([1.0507009873554805, 1.7580993408473766, 2.3296717444054593e-8]);

/** lambda (x > 0 ? x : alpha (e^x - 1)) */
class Selu implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    const negative = f32x4.mul(F32x4.at(SELU, 1), math.expm1Negative(x));
    return v128.bitselect(f32x4.mul(F32x4.at(SELU, 0), x), negative, f32x4.gt(x, f32x4.splat(0)));
  }
}
class SeluSlope implements Binary {
  @inline apply(y: v128, g: v128, a: v128, b: v128): v128 {
    const slope = v128.bitselect(
      F32x4.at(SELU, 0),
      f32x4.add(f32x4.add(y, F32x4.at(SELU, 1)), F32x4.at(SELU, 2)),
      f32x4.gt(y, f32x4.splat(0)),
    );
    return f32x4.mul(g, slope);
  }
}
export function seluForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Selu>(x, out, n, a, b);
}
export function seluBackward(y: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<SeluSlope>(y, g, out, n, a, b);
}

/** x - a above a, x + a below -a, 0 between */
class Softshrink implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    // x - clamp(x, -a, a)
    return f32x4.sub(x, f32x4.pmin(f32x4.pmax(x, F32x4.negated(a)), a));
  }
}
class SoftshrinkSlope implements Binary {
  @inline apply(x: v128, g: v128, a: v128, b: v128): v128 {
    return F32x4.masked(g, f32x4.gt(F32x4.size(x), a), x);
  }
}
export function softshrinkForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Softshrink>(x, out, n, a, b);
}
export function softshrinkBackward(x: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<SoftshrinkSlope>(x, g, out, n, a, b);
}

/** x where |x| > a, else 0 */
class Hardshrink implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    return F32x4.masked(x, f32x4.gt(F32x4.size(x), a), x);
  }
}
class HardshrinkSlope implements Binary {
  @inline apply(x: v128, g: v128, a: v128, b: v128): v128 {
    return F32x4.masked(g, f32x4.gt(F32x4.size(x), a), x);
  }
}
export function hardshrinkForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Hardshrink>(x, out, n, a, b);
}
export function hardshrinkBackward(x: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<HardshrinkSlope>(x, g, out, n, a, b);
}

/** x where x > a, else b */
class Threshold implements Unary {
  @inline apply(x: v128, a: v128, b: v128): v128 {
    return v128.bitselect(b, x, f32x4.le(x, a));
  }
}
class ThresholdSlope implements Binary {
  @inline apply(x: v128, g: v128, a: v128, b: v128): v128 {
    return F32x4.masked(g, f32x4.gt(x, a), x);
  }
}
export function thresholdForward(x: usize, out: usize, n: usize, a: f32, b: f32): void {
  map<Threshold>(x, out, n, a, b);
}
export function thresholdBackward(x: usize, g: usize, out: usize, n: usize, a: f32, b: f32): void {
  zip<ThresholdSlope>(x, g, out, n, a, b);
}
