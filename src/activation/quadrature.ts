// Integrals over a normal of a function f of one variable and of its slope. f may have kinks and jumps. f is a polynomial on
// each of its pieces; an integral is a sum over parts of the pieces that are at most a standard deviation long.

import { scalar } from '../wasm/kernels.js';
import { activationModule } from '../wasm/module.js';
import type { Piece, Span } from './bisection.js';
import { clenshawCurtis, DEGREE, type Interpolant, NODES, sumOfSeries } from './chebyshev.js';
import type { Pieces } from './pieces.js';

/** Integrals go to 10 standard deviations, where what grows no faster than its argument has less than 1e-20 left, ... */
const SHORT_RANGE = 10;
/** ... or for others to 38: beyond, the normal density is below the smallest number of binary64. */
const RANGE = 38;
/** Beyond 7.5 lies less than 1e-13 of the normal: f may overflow there. */
const TAIL = 7.5;

/** E f^2, E f'^2 and E z f f' of F(z) = f(deviation z). */
export type Moments = [square: number, slopeSquare: number, mixed: number];

/** F(z) = f(deviation z) at many z: weighted sums are integrals over a standard normal z. */
export interface Quadrature {
  /** Whether f jumps somewhere. */
  jumps: boolean;
  z: Float64Array;
  weights: Float64Array;
  values: Float64Array;
  /** Slopes of F, where it has one. */
  slopes: Float64Array;
  /**
   * To 1e-12 of each. E f'^2 is that of the slopes beside the jumps, as a backward pass has them; Infinity where it does not
   * exist. E z f f' has the jumps in it: half of it is the derivative of E f^2 by the logarithm of the variance.
   */
  moments: Moments;
}

const density = (z: number) => scalar(activationModule, 'normalDensity', z);

/** z and weights of the parts from k to k + 1. */
const wholeParts = new Map<number, { z: Float64Array; weights: Float64Array }>();

/** Nodes and weights from low to high. */
function partOf(low: number, high: number): { z: Float64Array; weights: Float64Array } {
  const { nodes, weights: unscaled } = clenshawCurtis();
  const [centre, radius] = [(low + high) / 2, (high - low) / 2];
  const z = new Float64Array(NODES);
  const weights = new Float64Array(NODES);
  for (let i = 0; i < NODES; i++) {
    z[i] = centre + radius * nodes[i];
    weights[i] = unscaled[i] * radius * density(z[i]);
  }
  return { z, weights };
}

function wholePart(low: number) {
  let part = wholeParts.get(low);
  if (part === undefined) wholeParts.set(low, (part = partOf(low, low + 1)));
  return part;
}

/** An interpolant's values and slopes at the nodes of its whole interval. */
function atNodes({ series, slopes }: Interpolant): { values: Float64Array; slopes: Float64Array } {
  const { synthesis } = clenshawCurtis();
  const result = { values: new Float64Array(NODES), slopes: new Float64Array(NODES) };
  for (let j = 0; j < NODES; j++) {
    let [value, slope] = [0, 0];
    for (let k = 0, i = j * (DEGREE + 1); k <= DEGREE; k++, i++) {
      value += synthesis[i] * series[k];
      slope += synthesis[i] * slopes[k];
    }
    result.values[j] = value;
    result.slopes[j] = slope;
  }
  return result;
}

const saved = new WeakMap<Interpolant, ReturnType<typeof atNodes>>();

/** A piece of f from z = low to high, in n parts. */
interface Section {
  piece: Piece;
  low: number;
  high: number;
  n: number;
}

/** The pieces of f between -range and range. RangeError where f is not finite before the tail. */
function sectionsOf({ where, f }: Pieces, spans: Span[], deviation: number, range: number): Section[] {
  const sections: Section[] = [];
  for (const { pieces } of spans)
    for (const piece of pieces) {
      const [low, high] = [Math.max(piece.low / deviation, -range), Math.min(piece.high / deviation, range)];
      if (low >= high) continue;
      if (piece.powers ?? piece.interpolant)
        sections.push({ piece, low, high, n: Math.max(1, Math.ceil(high - low - 1e-9)) });
      else if (low < TAIL && high > -TAIL) {
        const ends = low >= 0 ? [piece.low, piece.high] : [piece.high, piece.low];
        const x = ends.find((end) => !Number.isFinite(f(end))) ?? ends[0];
        throw new RangeError(`${where}: f(${x}) is ${f(x)}; pass a function that is finite`);
      }
    }
  return sections;
}

/** Writes the values and slopes of F at the nodes z from an index on. */
function evaluate({ z, values, slopes }: Quadrature, from: number, piece: Piece, deviation: number, isAll: boolean) {
  const { interpolant, powers } = piece;
  if (powers !== undefined) {
    const { scale, coefficients } = powers;
    for (let i = from; i < from + NODES; i++) {
      const x = (z[i] * deviation) / scale;
      let [value, slope] = [0, 0];
      for (let j = DEGREE; j > 0; j--) {
        slope = slope * x + value;
        value = value * x + coefficients[j];
      }
      values[i] = value * x + coefficients[0];
      slopes[i] = ((slope * x + value) * deviation) / scale;
    }
  } else if (isAll) {
    let at = saved.get(interpolant!);
    if (at === undefined) saved.set(interpolant!, (at = atNodes(interpolant!)));
    values.set(at.values, from);
    for (let i = 0; i < NODES; i++) slopes[from + i] = at.slopes[i] * deviation;
  } else {
    const [centre, radius] = [(piece.low + piece.high) / 2, (piece.high - piece.low) / 2];
    for (let i = from; i < from + NODES; i++) {
      const u = (z[i] * deviation - centre) / radius;
      values[i] = sumOfSeries(interpolant!.series, u);
      slopes[i] = sumOfSeries(interpolant!.slopes, u) * deviation;
    }
  }
}

/** The sums over spans, from -range to range. */
function sumOver(pieces: Pieces, spans: Span[], deviation: number, range: number): Quadrature {
  const sections = sectionsOf(pieces, spans, deviation, range);
  const size = NODES * sections.reduce((sum, { n }) => sum + n, 0);
  const array = () => new Float64Array(size);
  const moments: Moments = [0, 0, 0];
  const sums: Quadrature = { jumps: false, z: array(), weights: array(), values: array(), slopes: array(), moments };
  const { z, weights, values, slopes } = sums;
  let from = 0;
  for (const { piece, low, high, n } of sections) {
    const step = (high - low) / n;
    const isWhole = Number.isInteger(low) && high === low + n;
    const isAll = n === 1 && low * deviation <= piece.low && high * deviation >= piece.high;
    for (let k = 0; k < n; k++, from += NODES) {
      const part = isWhole ? wholePart(low + k) : partOf(low + k * step, k === n - 1 ? high : low + (k + 1) * step);
      z.set(part.z, from);
      weights.set(part.weights, from);
      evaluate(sums, from, piece, deviation, isAll);
    }
  }
  for (const point of spans.flatMap(({ points }) => points)) {
    const at = (point.low + point.high) / 2 / deviation;
    const weight = Math.abs(at) < range ? density(at) : 0;
    if (weight === 0) continue;
    moments[0] += (weight * point.square) / deviation;
    moments[1] += weight * point.slopeSquare * deviation;
    moments[2] += (weight * at * (point.after * point.after - point.before * point.before)) / 2;
    sums.jumps ||= point.jump;
  }
  for (let i = 0; i < size; i++) {
    const weighted = weights[i] * slopes[i];
    moments[0] += weights[i] * values[i] * values[i];
    moments[1] += weighted * slopes[i];
    moments[2] += weighted * z[i] * values[i];
  }
  return sums;
}

/** Where values beyond the short range are looked at, every half, and their weights. */
let outer: { z: number; weight: number }[] | undefined;

/** About how much of E f^2 lies beyond the short range; values that are not finite count as 0. */
function beyond({ f }: Pieces, deviation: number): number {
  outer ??= Array.from({ length: 57 }, (_, i) => SHORT_RANGE + i / 2).map((z) => ({ z, weight: density(z) / 2 }));
  let sum = 0;
  for (const { z, weight } of outer)
    for (const x of [deviation * z, -deviation * z]) {
      const value = f(x);
      if (Number.isFinite(value)) sum += weight * value * value;
    }
  return sum;
}

/**
 * Integrals of f(deviation z) over a standard normal z. RangeError where f is not finite, where it grows so fast that E f^2 is
 * not, where it has no bound, and where it has too many kinks or jumps.
 */
export function quadrature(pieces: Pieces, deviation: number): Quadrature {
  const { where } = pieces;
  const sumsTo = (range: number) => sumOver(pieces, pieces.spans(deviation, range), deviation, range);
  let sums = sumsTo(SHORT_RANGE);
  const size = sums.moments[0];
  const finite = () => Number.isFinite(sums.moments[0]) && Number.isFinite(sums.moments[2]);
  if (finite() && beyond(pieces, deviation) > 1e-17 * size) {
    sums = sumsTo(RANGE);
    let ends = 0;
    sums.z.forEach((z, i) => {
      if (Math.abs(z) > RANGE - 1) ends += sums.weights[i] * sums.values[i] ** 2;
    });
    // A shrinkage function is 0 except at the ends, where its E f^2 is tiny: 1e-20 is allowed.
    if (ends > 1e-10 * sums.moments[0] && ends > 1e-20) sums.moments[0] = Infinity;
  }
  if (!finite()) throw new RangeError(`${where}: E f(z)^2 is not finite; pass a function that grows less fast`);
  return sums;
}

/** E g(f(z), f'(z), z). */
export function expectation(
  { z, weights, values, slopes }: Quadrature,
  g: (value: number, slope: number, z: number) => number,
): number {
  let sum = 0;
  for (let i = 0; i < z.length; i++) sum += weights[i] * g(values[i], slopes[i], z[i]);
  return sum;
}
