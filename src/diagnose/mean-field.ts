// Mean-field theory of an activation f (Poole et al. 2016, Schoenholz et al. 2017). The weights are random with
// V = fanIn Var(w), the biases with B = Var(b). In a wide layer a pre-activation is normal, so its mean square q
// says all:
//
//   forward    q' = V E f(sqrt(q) z)^2 + B,  z ~ N(0, 1)
//   backward   a gradient's mean square is multiplied by chi = V E f'(sqrt(q) z)^2
//
// This file has f's moments at any q, the fixed point of q, and the edge of chaos, where chi = 1.

import { interpolate, sumOfSeries } from '../activation/chebyshev.js';
import { functionOf, type Nonlinear, rounded } from '../activation/gain.js';
import { NAMED_DENSITY, piecesOf } from '../activation/pieces.js';
import { expectation, type Quadrature, quadrature } from '../activation/quadrature.js';
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
  /** Whether f jumps somewhere. */
  jumps: boolean;
}

const moments = ['square', 'slopeSquare', 'growth', 'kurtosis', 'slopeKurtosis'] as const;

/** An activation, and its moments at any mean square. */
export interface MeanField {
  /** What errors begin with. */
  where: string;
  f: (x: number) => number;
  /** Saved for each q. */
  momentsAt(q: number): ActivationMoments;
  /** f(sqrt(q) z) on panels, for other integrals. Not saved. */
  quadratureAt(q: number): Quadrature;
  /** f(0) is 0. */
  zeroAtZero: boolean;
  /** The limit of E f'^2 for q to 0: f'(0)^2 where f has no kink at 0. */
  slopeSquareAtZero(): number;
  /** The mean square at which f begins to bend; 1 where none is special, as for relu. */
  scale(): number;
}

/** What random weights and biases a layer has: V and B. */
export interface LayerVariances {
  /** fanIn Var(w). */
  weightVariance: number;
  /** Var(b). */
  biasVariance: number;
}

function momentsOf(where: string, integral: Quadrature, q: number): ActivationMoments {
  const [square, slopeSquare, mixed] = integral.moments;
  if (slopeSquare === Infinity)
    throw new RangeError(`${where}: E f'(z)^2 is infinite; pass a function whose slope is bounded`);
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

/** What a function returns; undefined where f is not finite, or too rough, at a mean square that it goes to. */
function whereIntegrable<T>(where: string, compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    // An error of f's own is not meant.
    if (error instanceof RangeError && error.message.startsWith(`${where}: `)) return undefined;
    throw error;
  }
}

/** After this number of mean squares in an octave its other moments are interpolated. */
const VISITS = 12;

/**
 * The moments for ln q from `start` to one octave beyond, as polynomials in ln q. An expectation over a normal is analytic in ln q
 * within pi / 2 of the real line, whatever f is, so that a polynomial of degree 16 is exact to 1e-15. undefined if one is not.
 */
function momentMap(momentsAt: (q: number) => ActivationMoments, start: number) {
  const [low, high] = [start, start + Math.LN2];
  const { jumps } = momentsAt(exp(low));
  const polynomials = moments.map((name) => interpolate((x) => momentsAt(exp(x))[name], low, high));
  if (!polynomials.every((p) => p !== undefined && p.tail <= 1e-14 * p.size)) return undefined;
  return (q: number): ActivationMoments => {
    const u = (2 * (ln(q) - low)) / Math.LN2 - 1;
    const [square, slopeSquare, growth, kurtosis, slopeKurtosis] = polynomials.map((p) => sumOfSeries(p!.series, u));
    return { square, slopeSquare, growth, kurtosis, slopeKurtosis, jumps };
  };
}

/**
 * `where` begins the errors: TypeError and RangeError for an activation that is unknown or cannot be integrated. A function is
 * searched for narrow parts, unless it is the formula of a row.
 */
export function meanField(where: string, activation: Named | Nonlinear, isFormula = false): MeanField {
  const [nonlinear, parameters] = partsOf(activation) as [unknown, Record<string, unknown>?];
  const f = functionOf(where, nonlinear as Nonlinear, parameters ?? {}, 'activation');
  const pieces = piecesOf(where, f, typeof nonlinear === 'function' && !isFormula ? undefined : NAMED_DENSITY);
  const zero = pieces.atZero();
  const zeroAtZero = zero.value === 0;
  // The moments are integrated between these ends. Without a polynomial around 0 the slopes of a function with f(0) = c are
  // differences of values that round to c.
  const smallest = zeroAtZero || zero.slopeSquare !== null ? 1e-70 : 1e-12;
  const largest = 1e70;
  const clamp = (q: number) => (q > smallest ? Math.min(q, largest) : smallest);
  const saved = new Map<number, ActivationMoments>();

  const quadratureAt = (q: number) => quadrature(pieces, Math.sqrt(clamp(q)));
  function integrated(q: number): ActivationMoments {
    let moments = saved.get(q);
    if (moments === undefined) saved.set(q, (moments = momentsOf(where, quadratureAt(q), q)));
    return moments;
  }
  const octaves = new Map<number, { visits: number; moments?: ((q: number) => ActivationMoments) | undefined }>();
  /** Where many q lie in one octave, as in deep networks, the moments are interpolated; undefined where they are not. */
  function interpolated(q: number): ActivationMoments | undefined {
    const exponent = Math.floor(ln(q) / Math.LN2);
    const octave = octaves.get(exponent) ?? { visits: 0 };
    octaves.set(exponent, octave);
    if (++octave.visits === VISITS)
      octave.moments = whereIntegrable(where, () => momentMap(integrated, exponent * Math.LN2));
    return octave.moments?.(q);
  }
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
    return saved.get(q) ?? interpolated(q) ?? integrated(q);
  }
  return {
    where,
    f,
    momentsAt,
    quadratureAt,
    zeroAtZero,
    slopeSquareAtZero: () =>
      zero.slopeSquare ?? (momentsAt(smallest).slopeSquare > momentsAt(2 * smallest).slopeSquare ? Infinity : 0),
    scale: () => zero.scale ** 2,
  };
}

/**
 * The fixed point of q that the layers approach from `start`; null where q grows without end (beyond 1e76, whose root
 * is beyond float32), or to where f is not finite. By iteration, with Newton's steps where the map contracts.
 */
export const fixedPoint = (field: MeanField, variances: LayerVariances, start: number): number | null =>
  whereIntegrable(field.where, () => iterated(field, variances, start)) ?? null;

function iterated(
  { zeroAtZero, momentsAt, slopeSquareAtZero }: MeanField,
  { weightVariance, biasVariance }: LayerVariances,
  start: number,
): number | null {
  // If q grows at none of these points, from the start down to 1e-9 of it, its limit is 0. At the edge of chaos it
  // falls as slowly as 1 / (2 l), so that the limit is not iterated for.
  const points = [start];
  while (points.length < 24) points.push(0.4 * points[points.length - 1]);
  const vanishes =
    zeroAtZero &&
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
  const point = whereIntegrable(field.where, () => criticalPoint(field, biasVariance)) ?? null;
  return point !== null && point.weightVariance < 1e300 ? point : null;
}

function criticalPoint(field: MeanField, biasVariance: number): CriticalPoint | null {
  const { zeroAtZero, momentsAt, slopeSquareAtZero } = field;
  const scale = field.scale();
  const critical = (q: number) => ({ weightVariance: rounded(1 / momentsAt(q).slopeSquare), meanSquare: rounded(q) });
  const stable = (q: number) => momentsAt(q).growth / momentsAt(q).slopeSquare <= 1 + 1e-9;
  // 0 where q is a fixed point for V = 1 / E f'^2, with which chi is 1.
  const residual = (q: number) => q - biasVariance - momentsAt(q).square / momentsAt(q).slopeSquare;
  if (biasVariance === 0 && zeroAtZero) {
    // A function that scales, such as relu, is critical at every q; one that bends, such as tanh, at q = 0.
    if ([0.01, 1, 100].every((q) => Math.abs(residual(scale * q)) < 1e-10 * scale * q)) return critical(scale);
    const atZero = slopeSquareAtZero();
    if (atZero > 0 && atZero < Infinity && momentsAt(1e-4 * scale).growth <= atZero * (1 + 1e-9))
      return { weightVariance: rounded(1 / atZero), meanSquare: 0 };
  }
  // q is the bias's variance at least.
  const most = Math.max(1e5 * scale, 1e6 * biasVariance);
  for (let low = Math.max(1e-8 * scale, biasVariance); low < most; low *= 1.5) {
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
