// The integrals of f^2 and f'^2 beside a point at which the slope has no bound, such as that of |x|^0.6 at 0. Close to the
// point f goes as c + a t^p with the distance t: three values give the power p.

import { log2 } from './powers.js';

/**
 * The integrals from `at` to `at + length`, where length may be negative; Infinity for one that does not exist. Parts of f
 * that are tiny beside `reference` count as 0.
 */
export function endOf(
  f: (x: number) => number,
  at: number,
  length: number,
  reference: number,
): { square: number; slopeSquare: number } {
  const t = Math.abs(length);
  const [whole, half, quarter] = [f(at + length), f(at + length / 2), f(at + length / 4)];
  const [outer, inner] = [whole - half, half - quarter];
  // A power has differences of a constant ratio, 2^p.
  const ratio = outer / inner;
  const isTiny = Math.abs(outer) <= 1e-14 * reference;
  if (!(Math.abs(outer) > 1e-14 * Math.abs(whole)) || !(ratio > 0))
    return { square: t * whole * whole, slopeSquare: 0 };
  const power = log2(ratio);
  if (power < 0.01 || (isTiny && power < 0.501)) {
    const square = isTiny ? t * whole * whole : Infinity;
    return { square, slopeSquare: isTiny ? 0 : Infinity };
  }
  const rise = outer / (1 - 1 / ratio); // a t^p
  const limit = whole - rise; // c
  const square = t * (limit * limit + (2 * limit * rise) / (power + 1) + (rise * rise) / (2 * power + 1));
  const slopeSquare = power > 0.5001 ? (power * power * rise * rise) / ((2 * power - 1) * t) : Infinity;
  return { square, slopeSquare };
}
