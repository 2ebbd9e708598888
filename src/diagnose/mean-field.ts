// A function f in mean field: its moments over normals of any mean square q, where q goes through layers, where the
// correlation of two inputs goes, and which weights are at the edge of chaos.

import { functionOf, type Nonlinear, rounded } from '../activation/gain.js';
import { expectation, NEAR, type Quadrature, quadrature } from '../activation/quadrature.js';
import type { Named } from '../activation/table.js';
import { scalar } from '../wasm/kernels.js';
import { activationModule } from '../wasm/module.js';

export const ln = (x: number) => scalar(activationModule, 'log64', x);
export const exp = (x: number) => scalar(activationModule, 'exp64', x);

/** The moments of f at a mean square q. */
interface At {
  /** E f^2, E f'^2, and the derivative of E f^2 by q. */
  square: number;
  steep: number;
  growth: number;
  /** By how much, relative to their squares, f^2 and f'^2 vary. */
  spread: number;
  steepSpread: number;
  /** Whether f jumps somewhere, or has no bound on its slope. */
  jumps: boolean;
}

/** f at any mean square. */
export interface Field {
  f: (x: number) => number;
  at(q: number): At;
  /** For other integrals; not kept, as the moments are. */
  integral(q: number): Quadrature;
  /** f'(0)^2, or E f'^2 close to 0 where there is a kink. */
  origin(): number;
}

export function field(where: string, given: Named | Nonlinear): Field {
  const [word, parameters] = Array.isArray(given) ? given : [given, {}];
  const f = functionOf(where, word as Nonlinear, parameters ?? {}, 'activation');
  const reach = typeof word === 'function' ? undefined : NEAR;
  // Near 0 the values of a function that is not 0 there are all alike in binary64, and their slope is noise; a function
  // of one's own may be such a one with f(0) taken off. Where f(0) is 0 it is straight there, and so far out is what has
  // not saturated: the ends stand for what is beyond them.
  const through = f(0) === 0;
  const [least, most] = [!through ? 1e-12 : typeof word === 'function' ? 1e-6 : 1e-70, 1e70];
  const known = new Map<number, At>();
  const within = (q: number) => (q > least ? Math.min(q, most) : least);
  const integral = (q: number) => {
    const root = Math.sqrt(within(q));
    return quadrature(where, (z) => f(root * z), reach);
  };
  function at(q: number): At {
    const inside = within(q);
    if (inside !== q) {
      // Where f is a power of its argument, so are its moments: straight, 1; x^2, 2.
      const end = at(inside);
      const power = (end.growth * inside) / end.square;
      if (!(power > 0) || (!(through && q < least) && !(q > most && power > 0.5))) return end;
      if (Math.abs(power - 1) < 1e-3) return { ...end, square: end.square * (q / inside) };
      const steeper = exp((power - 1) * ln(q / inside));
      const { square, steep, growth } = end;
      return { ...end, square: square * steeper * (q / inside), steep: steep * steeper, growth: growth * steeper };
    }
    let found = known.get(q);
    if (found === undefined) {
      const made = integral(q);
      const [square, slope, mixed] = made.moments;
      const relative = (of: number, fourth: number) => (of * of > 0 ? fourth / (of * of) : 1);
      found = {
        ...{ square, steep: slope / q, growth: mixed / q, jumps: made.jumps },
        spread: relative(
          square,
          expectation(made, (y) => y * y * y * y),
        ),
        steepSpread: relative(
          slope,
          expectation(made, (_, d) => d * d * d * d),
        ),
      };
      known.set(q, found);
    }
    return found;
  }
  // Twice nearer less once: what a bend adds, which goes as q, is gone.
  return { f, at, integral, origin: () => 2 * at(least).steep - at(2 * least).steep };
}

/** Where q goes from a start; Newton's steps once the map contracts. null where it grows for ever. */
export function fixedPoint({ f, at, origin }: Field, v: number, b: number, start: number): number | null {
  const falls = (q: number) => v * at(q).square <= q * (1 + 1e-12);
  const down = [start];
  while (down.length < 24) down.push(0.4 * down[down.length - 1]);
  // What grows nowhere below goes to 0, at the edge as slowly as 1 / (2 l): that is not to be waited for.
  const level = f(0) === 0 && b === 0 && v * origin() <= 1 + 1e-9 && down.every(falls);
  let q = start;
  for (let i = 0; i < 400; i++) {
    const { square, growth } = at(q);
    const next = v * square + b;
    if (next > 1e76) return null; // its root is beyond float32
    if (Math.abs(next - q) <= 1e-13 * q) return next;
    if (level) return 0;
    const slope = v * growth;
    const leap = slope < 0.999 ? q + (next - q) / (1 - slope) : next;
    q = leap > 0 && leap > q === next > q ? leap : next;
  }
  return v * at(q).square + b > q ? null : q;
}

/** The weight variance with chi = 1 at its own fixed point, where that is stable. */
export function critical(field: Field, b: number): { weightVariance: number; meanSquare: number } | null {
  try {
    const found = edge(field, b);
    return found !== null && found.weightVariance < 1e300 ? found : null;
  } catch (error) {
    // The edge is looked for far and wide: where f is not finite there it is none.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function edge({ f, at, origin }: Field, b: number): { weightVariance: number; meanSquare: number } | null {
  const of = (q: number) => ({ weightVariance: rounded(1 / at(q).steep), meanSquare: rounded(q) });
  const stable = (q: number) => at(q).growth / at(q).steep <= 1 + 1e-9;
  // q - B - E f^2 / E f'^2 is 0 at a fixed point with chi = 1.
  const off = (q: number) => q - b - at(q).square / at(q).steep;
  if (b === 0 && f(0) === 0) {
    // A function that scales, such as relu, is critical at every q; one that bends, such as tanh, at 0.
    if ([0.01, 1, 100].every((q) => Math.abs(off(q)) < 1e-10 * q)) return of(1);
    if (origin() > 0 && at(1e-4).growth <= origin() * (1 + 1e-9))
      return { weightVariance: rounded(1 / origin()), meanSquare: 0 };
  }
  for (let low = 1e-6; low < 1e5; low *= 1.5) {
    if (!(at(low).steep > 0 && at(1.5 * low).steep > 0 && off(low) < 0 && off(1.5 * low) >= 0)) continue;
    let high = 1.5 * low;
    let mid = low;
    for (let i = 0; i < 52 && high - low > 1e-14 * high; i++) {
      mid = (low + high) / 2;
      if (off(mid) < 0) low = mid;
      else high = mid;
    }
    return stable(high) ? of(high) : null;
  }
  return null;
}

/** E f(sqrt(q) u) f(sqrt(q) v) of normals with correlation c, and its derivative by c, by Hermite's polynomials. */
function correlations(integral: Quadrature): (c: number) => [value: number, slope: number, missing: number] {
  const TERMS = 400;
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
  // What the terms beyond may add: a kink has many, and near c = 1 they count.
  const left = integral.moments[0] - coefficients.reduce((sum, a) => sum + a * a, 0);
  return (c) => {
    const missing = TERMS * Math.abs(left) * exp(TERMS * ln(Math.max(c, 1e-9)));
    let [value, slope] = [0, 0];
    for (let k = TERMS - 1; k >= 0; k--) {
      slope = slope * c + value;
      value = value * c + coefficients[k] * coefficients[k];
    }
    return [value, slope, missing];
  };
}

/**
 * Where the correlation of two inputs goes, and by how much a deviation from there shrinks a layer. chi is the slope at 1,
 * but where f jumps: there neighbours part at once. undefined where four hundred terms do not tell: f has kinks, and c is
 * close to 1.
 */
export function correlation(field: Field, q: number, v: number, b: number): [c: number, slope: number] | undefined {
  const { steep, jumps } = field.at(q);
  const chi = v * steep;
  if (chi <= 1 + 1e-9 && !jumps) return [1, chi];
  const product = correlations(field.integral(q));
  const map = (c: number) => (v * product(c)[0] + b) / q;
  let [low, high] = [0, 1 - 1e-9];
  if (map(0) < 1e-14) high = 0;
  while (high - low > 1e-15) {
    const mid = (low + high) / 2;
    if (mid === low || mid === high) break;
    if (map(mid) > mid) low = mid;
    else high = mid;
  }
  const [, slope, missing] = product(high);
  return (v * missing) / q < 1e-8 ? [high, (v * slope) / q] : undefined;
}
