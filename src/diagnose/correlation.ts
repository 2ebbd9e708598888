// The correlation c of a layer's pre-activations for two inputs, in mean field: c' = (V E f(u) f(v) + B) / q, where u
// and v are normals of variance q and correlation c (Poole et al. 2016). The fixed point of this map says what becomes of
// two inputs in deep layers: at c = 1 they become equal, at c = 0 they have nothing in common.

import type { Quadrature } from '../activation/quadrature.js';
import { exp, ln } from './logarithm.js';
import type { LayerVariances, MeanField } from './mean-field.js';

/** How many terms of the power series in c are computed. */
const TERMS = 400;
const roots = /* @__PURE__ */ (() => Array.from({ length: TERMS + 1 }, (_, k) => Math.sqrt(k)))();

/** E f(u) f(v) at some c. */
interface Product {
  value: number;
  /** The derivative with respect to c. */
  slope: number;
  /** An upper bound of the sum of the terms that are left out, in the value or in the slope. */
  missing: number;
}

/**
 * E f(u) f(v) as a power series in c ("dual activation", Daniely et al. 2016). Its coefficients are the squares of the
 * coefficients of f in normalised Hermite polynomials.
 */
function dualActivation(integral: Quadrature): (c: number) => Product {
  const coefficients = new Float64Array(TERMS);
  const { z, weights, values } = integral;
  for (let i = 0; i < z.length; i++) {
    const [x, weighted] = [z[i], weights[i] * values[i]];
    // The polynomials of degree k - 1 and k at x.
    let [previous, current] = [0, 1];
    for (let k = 0; k < TERMS; k++) {
      coefficients[k] += weighted * current;
      const next = (x * current - roots[k] * previous) / roots[k + 1];
      previous = current;
      current = next;
    }
  }
  // By Parseval's theorem all squares add up to E f^2. If f has a kink they fall slowly, and near c = 1 many terms matter.
  const rest = integral.moments[0] - coefficients.reduce((sum, a) => sum + a * a, 0);
  return (c) => {
    const missing = TERMS * Math.abs(rest) * exp(TERMS * ln(Math.max(c, 1e-9)));
    let [value, slope] = [0, 0];
    for (let k = TERMS - 1; k >= 0; k--) {
      slope = slope * c + value;
      value = value * c + coefficients[k] * coefficients[k];
    }
    return { value, slope, missing };
  };
}

/**
 * The fixed point c of the correlation at mean square q, and the slope of the map there: the factor by which each layer
 * multiplies a small difference from c. At c = 1 the slope is chi, unless f jumps: then nearby inputs separate at once.
 * undefined where the series has too few terms, because f has kinks and c is close to 1.
 */
export function correlationFixedPoint(
  field: MeanField,
  q: number,
  { weightVariance, biasVariance }: LayerVariances,
): { c: number; slope: number } | undefined {
  const { slopeSquare, jumps } = field.momentsAt(q);
  const chi = weightVariance * slopeSquare;
  if (chi <= 1 + 1e-9 && !jumps) return { c: 1, slope: chi };
  const product = dualActivation(field.quadratureAt(q));
  const divisor = Math.max(q, 1e-200);
  const map = (c: number) => (weightVariance * product(c).value + biasVariance) / divisor;
  let [low, high] = [0, 1 - 1e-9];
  if (map(0) < 1e-14) high = 0; // c = 0 is the fixed point
  while (high - low > 1e-15) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (map(middle) > middle) low = middle;
    else high = middle;
  }
  const { slope, missing } = product(high);
  return (weightVariance * missing) / divisor < 1e-8
    ? { c: high, slope: (weightVariance * slope) / divisor }
    : undefined;
}
