// Mean-field theory of an activation f (Poole et al. 2016, Schoenholz et al. 2017). The weights are random with
// V = fanIn Var(w), the biases with B = Var(b). In a wide layer a pre-activation is normal, so its mean square q
// says all:
//
//   forward    q' = V E f(sqrt(q) z)^2 + B,  z ~ N(0, 1)
//   backward   a gradient's mean square is multiplied by chi = V E f'(sqrt(q) z)^2
//
// This file has f's moments at any q, the fixed point of q, and the edge of chaos, where chi = 1.

import { functionOf, type Nonlinear, rounded } from '../activation/gain.js';
import { expectation, type Quadrature, quadrature, SHORT_RANGE } from '../activation/quadrature.js';
import type { Named } from '../activation/table.js';
import { partsOf } from '../check.js';
import { exp, ln } from './logarithm.js';

/** The moments of f at mean square q, that is of f(sqrt(q) z) with z ~ N(0, 1). */
export interface ActivationMoments {
  /** E f^2, E f'^2, and the derivative of E f^2 by q. */
  square: number;
  slopeSquare: number;
  growth: number;
  /** E f^4 / (E f^2)^2 and E f'^4 / (E f'^2)^2; 1 where the divisor is 0. */
  kurtosis: number;
  slopeKurtosis: number;
  /** Whether f jumps somewhere, or its slope has no bound. */
  jumps: boolean;
}

/** An activation, and its moments at any mean square. */
export interface MeanField {
  /** What errors begin with. */
  where: string;
  f: (x: number) => number;
  /** Saved for each q. */
  momentsAt(q: number): ActivationMoments;
  /** f(sqrt(q) z) on panels, for other integrals. Not saved. */
  quadratureAt(q: number): Quadrature;
  /** The limit of E f'^2 for q to 0: f'(0)^2 where f has no kink at 0. */
  slopeSquareAtZero(): number;
}

/** What random weights and biases a layer has: V and B. */
export interface LayerVariances {
  /** fanIn Var(w). */
  weightVariance: number;
  /** Var(b). */
  biasVariance: number;
}

function momentsOf(integral: Quadrature, q: number): ActivationMoments {
  const [square, slopeSquare, mixed] = integral.moments;
  const kurtosis = (second: number, fourth: number) => (second * second > 0 ? fourth / (second * second) : 1);
  const fourth = expectation(integral, (y) => y * y * y * y);
  const slopeFourth = expectation(integral, (_, slope) => slope * slope * slope * slope);
  return {
    square,
    slopeSquare: slopeSquare / q,
    growth: mixed / q,
    kurtosis: kurtosis(square, fourth),
    slopeKurtosis: kurtosis(slopeSquare, slopeFourth),
    jumps: integral.jumps,
  };
}

/** The moments at q from those at `end`, where E f^2 goes as this power of q: 1 for a linear f, 2 for x^2. */
function extrapolate(moments: ActivationMoments, power: number, q: number, end: number): ActivationMoments {
  const { square, slopeSquare, growth } = moments;
  const ratio = q / end;
  if (Math.abs(power - 1) < 1e-3) return { ...moments, square: square * ratio };
  const factor = exp((power - 1) * ln(ratio));
  return { ...moments, square: square * factor * ratio, slopeSquare: slopeSquare * factor, growth: growth * factor };
}

/** `where` begins the errors: TypeError and RangeError for an activation that is unknown or cannot be integrated. */
export function meanField(where: string, activation: Named | Nonlinear): MeanField {
  const [nonlinear, parameters] = partsOf(activation) as [unknown, Record<string, unknown>?];
  const f = functionOf(where, nonlinear as Nonlinear, parameters ?? {}, 'activation');
  const zeroAtZero = f(0) === 0;
  const custom = typeof nonlinear === 'function';
  const range = custom ? undefined : SHORT_RANGE;
  // The moments are integrated between these ends. Close to 0 the slopes of a function with f(0) = c are differences of
  // values that round to c: noise. A custom function may be such a one minus c, so its lower end is higher, too.
  const smallest = !zeroAtZero ? 1e-12 : custom ? 1e-6 : 1e-70;
  const largest = 1e70;
  const clamp = (q: number) => (q > smallest ? Math.min(q, largest) : smallest);
  const saved = new Map<number, ActivationMoments>();

  const quadratureAt = (q: number) => {
    const root = Math.sqrt(clamp(q));
    return quadrature(where, (z) => f(root * z), range);
  };
  function momentsAt(q: number): ActivationMoments {
    const end = clamp(q);
    if (end !== q) {
      const moments = momentsAt(end);
      const power = (moments.growth * end) / moments.square;
      // f goes as a power of its argument near 0 if f(0) = 0, and far out if it does not saturate. Else its moments
      // stay.
      const isPower = power > 0 && ((zeroAtZero && q < smallest) || (q > largest && power > 0.5));
      return isPower ? extrapolate(moments, power, q, end) : moments;
    }
    let moments = saved.get(q);
    if (moments === undefined) saved.set(q, (moments = momentsOf(quadratureAt(q), q)));
    return moments;
  }
  return {
    where,
    f,
    momentsAt,
    quadratureAt,
    // Richardson extrapolation: an error that goes as q cancels.
    slopeSquareAtZero: () => 2 * momentsAt(smallest).slopeSquare - momentsAt(2 * smallest).slopeSquare,
  };
}

/**
 * The fixed point of q that the layers approach from `start`; null where q grows without end (beyond 1e76, whose root
 * is beyond float32). By iteration, with Newton's steps where the map contracts.
 */
export function fixedPoint(
  { f, momentsAt, slopeSquareAtZero }: MeanField,
  { weightVariance, biasVariance }: LayerVariances,
  start: number,
): number | null {
  // If q grows at none of these points, from the start down to 1e-9 of it, its limit is 0. At the edge of chaos it
  // falls as slowly as 1 / (2 l), so that the limit is not iterated for.
  const points = [start];
  while (points.length < 24) points.push(0.4 * points[points.length - 1]);
  const vanishes =
    f(0) === 0 &&
    biasVariance === 0 &&
    weightVariance * slopeSquareAtZero() <= 1 + 1e-9 &&
    points.every((q) => weightVariance * momentsAt(q).square <= q * (1 + 1e-12));
  let q = start;
  for (let i = 0; i < 400; i++) {
    const { square, growth } = momentsAt(q);
    const next = weightVariance * square + biasVariance;
    if (next > 1e76) return null;
    if (Math.abs(next - q) <= 1e-13 * q) return next;
    if (vanishes) return 0;
    const slope = weightVariance * growth;
    const newton = slope < 0.999 ? q + (next - q) / (1 - slope) : next;
    q = newton > 0 && newton > q === next > q ? newton : next;
  }
  return weightVariance * momentsAt(q).square + biasVariance > q ? null : q;
}

/** A point of the edge of chaos: the weight variance with chi = 1 at its fixed point q = meanSquare. */
export interface CriticalPoint {
  weightVariance: number;
  meanSquare: number;
}

/** The point of the edge of chaos for a bias variance, if q is stable there; null if there is none. */
export function edgeOfChaos(field: MeanField, biasVariance: number): CriticalPoint | null {
  try {
    const point = criticalPoint(field, biasVariance);
    return point !== null && point.weightVariance < 1e300 ? point : null;
  } catch (error) {
    // The search goes from q = 1e-6 to 1e5: where f is not finite on the way there is no edge. A RangeError of f's own is not meant.
    if (error instanceof RangeError && error.message.startsWith(`${field.where}: `)) return null;
    throw error;
  }
}

function criticalPoint({ f, momentsAt, slopeSquareAtZero }: MeanField, biasVariance: number): CriticalPoint | null {
  const critical = (q: number) => ({ weightVariance: rounded(1 / momentsAt(q).slopeSquare), meanSquare: rounded(q) });
  const stable = (q: number) => momentsAt(q).growth / momentsAt(q).slopeSquare <= 1 + 1e-9;
  // 0 where q is a fixed point for V = 1 / E f'^2, with which chi is 1.
  const residual = (q: number) => q - biasVariance - momentsAt(q).square / momentsAt(q).slopeSquare;
  if (biasVariance === 0 && f(0) === 0) {
    // A function that scales, such as relu, is critical at every q; one that bends, such as tanh, at q = 0.
    if ([0.01, 1, 100].every((q) => Math.abs(residual(q)) < 1e-10 * q)) return critical(1);
    const atZero = slopeSquareAtZero();
    if (atZero > 0 && momentsAt(1e-4).growth <= atZero * (1 + 1e-9))
      return { weightVariance: rounded(1 / atZero), meanSquare: 0 };
  }
  for (let low = 1e-6; low < 1e5; low *= 1.5) {
    const high = 1.5 * low;
    const sloped = momentsAt(low).slopeSquare > 0 && momentsAt(high).slopeSquare > 0;
    if (!sloped || !(residual(low) < 0 && residual(high) >= 0)) continue;
    const q = bisect(residual, low, high);
    return stable(q) ? critical(q) : null;
  }
  return null;
}

/** The zero of a function that is below 0 at low and not at high, to 1e-14. */
function bisect(g: (x: number) => number, low: number, high: number): number {
  for (let i = 0; i < 52 && high - low > 1e-14 * high; i++) {
    const middle = (low + high) / 2;
    if (g(middle) < 0) low = middle;
    else high = middle;
  }
  return high;
}
