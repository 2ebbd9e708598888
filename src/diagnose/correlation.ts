// The correlation c of a layer's pre-activations for two inputs, in mean field: c' = (V E f(u) f(v) + B) / q, where u
// and v are normals of variance q and correlation c (Poole et al. 2016). Whether two inputs become one, or have nothing
// in common, is its fixed point.

import type { Quadrature } from '../activation/quadrature.js';
import { exp, ln } from './logarithm.js';
import type { LayerVariances, MeanField } from './mean-field.js';

const TERMS = 400;

/** E f(u) f(v) by c, its derivative by c, and a bound of what the terms beyond TERMS add. */
interface Product {
  value: number;
  slope: number;
  missing: number;
}

/**
 * E f(u) f(v) as a power series in c: its coefficients are the squares of those of f in normalised Hermite polynomials
 * (Daniely et al. 2016, "dual activation").
 */
function dualActivation(integral: Quadrature): (c: number) => Product {
  const coefficients = new Float64Array(TERMS);
  for (const { z, weights, values } of integral.panels) {
    z.forEach((x, i) => {
      let [before, now] = [0, 1];
      for (let k = 0; k < TERMS; k++) {
        coefficients[k] += weights[i] * values[i] * now;
        [before, now] = [now, (x * now - Math.sqrt(k) * before) / Math.sqrt(k + 1)];
      }
    });
  }
  // By Parseval the squares add up to E f^2. A kink has many terms, and near c = 1 they count.
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
 * The fixed point c of the correlation at mean square q, and the slope of the map there: the factor by which a small
 * difference from c shrinks a layer. At c = 1 the slope is chi, unless f jumps: then inputs that are close part at
 * once. undefined where 400 terms do not tell, because f has kinks and c is close to 1.
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
  const map = (c: number) => (weightVariance * product(c).value + biasVariance) / q;
  let [low, high] = [0, 1 - 1e-9];
  if (map(0) < 1e-14) high = 0;
  while (high - low > 1e-15) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (map(middle) > middle) low = middle;
    else high = middle;
  }
  const { slope, missing } = product(high);
  return (weightVariance * missing) / q < 1e-8 ? { c: high, slope: (weightVariance * slope) / q } : undefined;
}
