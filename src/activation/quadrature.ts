// Integrals over a standard normal z of a function f of one variable and of its slope, for any f, with kinks or steps:
// Clenshaw and Curtis' rule on panels that are halved until their halves agree with them.

import { what } from '../check.js';
import { scalar } from '../wasm/kernels.js';
import { activationModule } from '../wasm/module.js';

/** Nodes of a panel, and how often a panel is halved before what is left of it counts as a point. */
const NODES = 17;
const HALVINGS = 44;
/** Beyond END the normal density is below the smallest number; from CUT on less than 1e-13 of it is left. */
const END = 38;
const CUT = 7.5;
/** Panels that a function may ask for: a kink takes some ninety. More is noise, or steps without number. */
const PANELS = 6000;
/** An end for functions that grow no faster than their argument: 1e-20 of E f^2 lies beyond. */
export const NEAR = 10;

/** Chebyshev points on [-1, 1], Clenshaw and Curtis' weights, and the matrix that differentiates on the points. */
function rule() {
  const n = NODES - 1;
  // cos(pi k / n) by its recurrence from half angles, without the host's cosine: n is 16.
  const points = new Array<number>(NODES);
  const half = (c: number) => Math.sqrt((1 + c) / 2);
  const c1 = half(half(half(0)));
  points[0] = 1;
  points[1] = c1;
  for (let k = 2; k <= n; k++) points[k] = 2 * c1 * points[k - 1] - points[k - 2];
  for (let k = 0; k <= n / 2; k++) points[n - k] = -points[k];
  points[n / 2] = 0;
  const cosine = (k: number) => points[k % (2 * n) > n ? 2 * n - (k % (2 * n)) : k % (2 * n)];
  const weights = points.map((_, k) => {
    let sum = 1;
    for (let j = 1; j <= n / 2; j++) sum -= ((j === n / 2 ? 1 : 2) / (4 * j * j - 1)) * cosine(2 * j * k);
    return ((k === 0 || k === n ? 1 : 2) / n) * sum;
  });
  const scale = (k: number) => (k === 0 || k === n ? 2 : 1) * (k % 2 ? -1 : 1);
  const matrix = points.map((x, i) => points.map((y, j) => (i === j ? 0 : scale(i) / scale(j) / (x - y))));
  matrix.forEach((row, i) => {
    row[i] = -row.reduce((sum, v) => sum + v, 0);
  });
  return { points, weights, matrix };
}
let rules: ReturnType<typeof rule> | undefined;

/** E f^2, E f'^2 and E z f f'. */
export type Moments = [square: number, slope: number, mixed: number];

/** Where a panel looks at f: the points, their weights (with the density in them), f there and its slope. */
interface Panel {
  z: number[];
  weights: number[];
  values: number[];
  slopes: number[];
  moments: Moments;
  /** What the moments may be off by because the values are rounded: a slope is a difference of them. */
  noise: Moments;
}

/** What refining has found. */
interface Found {
  panels: Panel[];
  /** Whether f jumps somewhere, or has no bound on its slope: at a point is a good part of E f'^2. */
  jumps: boolean;
  evaluated: number;
}

/** One panel, by interpolating f on it; an error where f is no number that counts. */
function panel(where: string, f: (x: number) => number, low: number, high: number): Panel {
  const { points, weights, matrix } = (rules ??= rule());
  const [centre, radius] = [(low + high) / 2, (high - low) / 2];
  const z = points.map((p) => centre + radius * p);
  const values = z.map((x) => {
    const value = f(x);
    if (typeof value !== 'number')
      throw new TypeError(`${where}: f(${x}) is ${what(value)}; pass a function of numbers`);
    if (Number.isFinite(value)) return value;
    if (Math.abs(x) < CUT) throw new RangeError(`${where}: f(${x}) is ${value}; pass a function that is finite`);
    return 0; // overflown far out, where nothing of the normal is left
  });
  const slopes = new Array<number>(NODES);
  const own = new Array<number>(NODES);
  const moments: Moments = [0, 0, 0];
  for (let i = 0; i < NODES; i++) {
    let slope = 0;
    for (let j = 0; j < NODES; j++) slope += matrix[i][j] * values[j];
    slope /= radius;
    const weight = weights[i] * radius * scalar(activationModule, 'normalDensity', z[i]);
    moments[0] += weight * values[i] * values[i];
    moments[1] += weight * slope * slope;
    moments[2] += weight * z[i] * values[i] * slope;
    slopes[i] = slope;
    own[i] = weight;
  }
  let [weight, size] = [0, 0];
  for (let i = 0; i < NODES; i++) {
    weight += own[i];
    size = Math.max(size, Math.abs(values[i]));
  }
  const error = (2 ** -52 * NODES * NODES * size) / radius;
  const steep = 2 * error * Math.sqrt(weight * moments[1]) + weight * error * error;
  const mixed = error * weight * size * Math.max(Math.abs(low), Math.abs(high));
  return { z, weights: own, values, slopes, moments, noise: [0, steep, mixed] };
}

/** A panel whose halves agree with it to a tolerance becomes its halves; else they are halved, down to points. */
function refine(
  where: string,
  f: (x: number) => number,
  [low, high]: [number, number],
  whole: Panel,
  tolerance: Moments,
  found: Found,
  depth = 0,
): void {
  // What is left around a kink or a step is a point: it has no slope.
  if (depth === HALVINGS) {
    const [square, steep] = whole.moments;
    found.panels.push({ ...whole, slopes: whole.slopes.map(() => 0), moments: [square, 0, 0] });
    if (steep > 1e10 * tolerance[1]) found.jumps = true;
    return;
  }
  found.evaluated += 2;
  if (found.evaluated > PANELS)
    throw new RangeError(
      `${where}: f has too many kinks or steps to integrate, or rounded values such as float32's; pass a smoother function, in double precision`,
    );
  const middle = (low + high) / 2;
  const [left, right] = [panel(where, f, low, middle), panel(where, f, middle, high)];
  const agrees = (value: number, k: number) =>
    Math.abs(left.moments[k] + right.moments[k] - value) <= tolerance[k] + whole.noise[k];
  if (whole.moments.every(agrees)) {
    found.panels.push(left, right);
    return;
  }
  refine(where, f, [low, middle], left, tolerance, found, depth + 1);
  refine(where, f, [middle, high], right, tolerance, found, depth + 1);
}

/** Panels from low to high on which sums are integrals, and E f^2, E f'^2, E z f f'. */
export interface Quadrature {
  /** Whether f jumps somewhere, or has no bound on its slope. */
  jumps: boolean;
  panels: readonly Panel[];
  moments: Moments;
}

/** The integrals to a part in 1e12. RangeError where f is not finite, or grows so fast that E f^2 is not. */
export function quadrature(where: string, f: (x: number) => number, reach = END): Quadrature {
  const lows = Array.from({ length: 2 * reach }, (_, i) => i - reach);
  const coarse = lows.map((low) => panel(where, f, low, low + 1));
  const size: Moments = [0, 0, 0];
  for (const { moments } of coarse) for (let k = 0; k < 3; k++) size[k] += Math.abs(moments[k]);
  const ends = coarse[0].moments[0] + coarse[coarse.length - 1].moments[0];
  // What grows fast is large at the far end; a shrinkage of small numbers is something there alone, and next to nothing.
  if (!size.every(Number.isFinite) || (reach === END && ends > 1e-10 * size[0] && ends > 1e-20)) {
    throw new RangeError(`${where}: E f(z)^2 is not finite; pass a function that grows less fast`);
  }
  const tolerance = size.map((value) => 1e-13 * value) as Moments;
  const found: Found = { panels: [], jumps: false, evaluated: 0 };
  const { panels } = found;
  lows.forEach((low, i) => {
    // Of what is far below the tolerance, halves agree.
    if (coarse[i].moments.every((value, k) => Math.abs(value) <= 1e-3 * tolerance[k])) panels.push(coarse[i]);
    else refine(where, f, [low, low + 1], coarse[i], tolerance, found);
  });
  const moments: Moments = [0, 0, 0];
  for (const panel of panels) for (let k = 0; k < 3; k++) moments[k] += panel.moments[k];
  // A function without slope, such as a step, shows rounding errors.
  if (moments[1] < 1e-12 * moments[0]) moments[1] = moments[2] = 0;
  return { panels, moments, jumps: found.jumps };
}

/** The integral of anything made of z, f(z) and f'(z). */
export function expectation({ panels }: Quadrature, of: (value: number, slope: number, z: number) => number): number {
  let sum = 0;
  for (const { z, weights, values, slopes } of panels) {
    for (let i = 0; i < NODES; i++) sum += weights[i] * of(values[i], slopes[i], z[i]);
  }
  return sum;
}
