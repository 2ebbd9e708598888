// A function around 0, as a sum of powers: it has the right slope and curvature at 0 however close to 0 it is looked at, where
// the values of a function such as e^x - 1 are rounding errors.

import type { Span } from './bisection.js';
import { DEGREE, type Interpolant, interpolate, sumOfSeries } from './chebyshev.js';
import { powerOfTwo } from './powers.js';

/** Octaves this far below a standard deviation hold a thousandth of its values, and are looked at less often. */
export const CLOSE = 10;
/** How often an octave is looked at there. */
export const SPARSE = 8;

/** How exactly f has to be met. */
export interface Fit {
  /** The factor of the smallest tolerance, for functions with noise. */
  relaxed: number;
  /** How many values in each octave are compared; 0: those of the interpolant alone. */
  density: number;
}

/** The sum of powers of x / scale that a series on an interval beside or around 0 is; u = a x / scale + b. */
function powersOf({ series, size }: Interpolant, a: number, b: number, atZero: number, noise: number): Float64Array {
  const sum = new Float64Array(DEGREE + 1);
  let [previous, current] = [new Float64Array(DEGREE + 1), new Float64Array(DEGREE + 1)];
  current[0] = 1;
  for (let k = 0; k <= DEGREE; k++) {
    for (let j = 0; j <= k; j++) sum[j] += series[k] * current[j];
    // T_1 = u T_0, then T_(k+1) = 2 u T_k - T_(k-1).
    const factor = k === 0 ? 1 : 2;
    const next = current.map((c, j) => factor * (a * (j > 0 ? current[j - 1] : 0) + b * c) - previous[j]);
    [previous, current] = [current, next];
  }
  sum[0] = Math.abs(atZero) <= noise * size ? 0 : atZero;
  // The first coefficients that are rounding errors are 0: x^2 has no slope at 0.
  const growth = b === 0 ? 20 : 600;
  for (let k = 1, error = noise * size * growth; k <= DEGREE && Math.abs(sum[k]) <= error; k++, error *= growth)
    sum[k] = 0;
  return sum;
}

/** Polynomials from -2^exponent to 2^exponent: one, or one on each side of 0; undefined where f has none. */
export function around(f: (x: number) => number, exponent: number, { relaxed, density }: Fit): Span | undefined {
  const h = powerOfTwo(exponent);
  const noise = 2 ** -50 * relaxed;
  const fits = (p: Interpolant | undefined, u: (x: number) => number, sides: number[]): p is Interpolant => {
    if (p === undefined) return false;
    const slope = Math.abs(sumOfSeries(p.slopes, u(0))) * h;
    const tolerance = relaxed * (2e-14 * Math.min(p.range, Math.max(slope, 1e-3 * p.range)) + 1e-15 * p.size);
    if (p.tail > tolerance) return false;
    for (let k = 0, far = h; density > 0 && k < 50; k++, far /= 2) {
      const n = k < CLOSE + 8 ? density : SPARSE;
      for (let i = 0; i < n; i++)
        for (const side of sides) {
          const x = side * far * (1 - (i + 0.5) / (2 * n));
          if (!(Math.abs(f(x) - sumOfSeries(p.series, u(x))) <= 20 * tolerance)) return false;
        }
    }
    return true;
  };
  const both = interpolate(f, -h, h);
  if (fits(both, (x) => x / h, [1, -1])) {
    const powers = { scale: h, coefficients: powersOf(both, 1, 0, f(0), noise) };
    const pieces = [
      { low: -h, high: 0, powers },
      { low: 0, high: h, powers },
    ];
    return { pieces, points: [] };
  }
  // At 0 itself f may have any value: the limits from both sides count.
  const [before, after] = [f(-h * 2 ** -60), f(h * 2 ** -60)];
  const left = interpolate((x) => (x === 0 ? before : f(x)), -h, 0);
  const right = interpolate((x) => (x === 0 ? after : f(x)), 0, h);
  if (!fits(left, (x) => (2 * x) / h + 1, [-1]) || !fits(right, (x) => (2 * x) / h - 1, [1])) return undefined;
  const jump = Math.abs(after - before) > 1e-9 * Math.max(left.size, right.size);
  return {
    pieces: [
      { low: -h, high: 0, powers: { scale: h, coefficients: powersOf(left, 2, 1, before, noise) } },
      { low: 0, high: h, powers: { scale: h, coefficients: powersOf(right, 2, -1, after, noise) } },
    ],
    points: jump ? [{ low: 0, high: 0, before, after, square: 0, slopeSquare: 0, jump }] : [],
  };
}
