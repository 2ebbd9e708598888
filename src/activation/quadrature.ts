// Integrals over a standard normal z of a function f of one variable and of its slope. f may have kinks or steps.
// The rule is adaptive Clenshaw-Curtis quadrature: the range is divided into panels, and a panel is bisected until its
// halves agree with it.

import { what } from '../check.js';
import { scalar } from '../wasm/kernels.js';
import { activationModule } from '../wasm/module.js';

const NODES = 17;
/** After this number of bisections a panel counts as a point. */
const MAX_BISECTIONS = 44;
/** A kink takes about 90 panels. A function that needs more than this is noise, or has countless steps. */
const MAX_PANELS = 6000;
/** Integrals go from -38 to 38: beyond, the normal density is below the smallest number of binary64. */
const RANGE = 38;
/** The range for functions that grow no faster than their argument: 1e-20 of E f^2 lies beyond 10. */
export const SHORT_RANGE = 10;
/** Beyond 7.5 lies less than 1e-13 of the normal: f may overflow there. */
const TAIL = 7.5;

/**
 * The Clenshaw-Curtis rule on [-1, 1]: Chebyshev nodes, their weights, and the matrix that differentiates at the nodes.
 */
function clenshawCurtis() {
  const n = NODES - 1;
  const nodes = chebyshevNodes(n);
  const cosine = (k: number) => nodes[k % (2 * n) > n ? 2 * n - (k % (2 * n)) : k % (2 * n)];
  const weights = nodes.map((_, k) => {
    let sum = 1;
    for (let j = 1; j <= n / 2; j++) sum -= ((j === n / 2 ? 1 : 2) / (4 * j * j - 1)) * cosine(2 * j * k);
    return ((k === 0 || k === n ? 1 : 2) / n) * sum;
  });
  const scale = (k: number) => (k === 0 || k === n ? 2 : 1) * (k % 2 ? -1 : 1);
  const differentiation = nodes.map((x, i) => nodes.map((y, j) => (i === j ? 0 : scale(i) / scale(j) / (x - y))));
  differentiation.forEach((row, i) => {
    row[i] = -row.reduce((sum, v) => sum + v, 0);
  });
  return { nodes, weights, differentiation };
}

/** cos(pi k / n) for k from 0 to n = 16, by recurrence from half angles: the host's cosine differs between engines. */
function chebyshevNodes(n: number): number[] {
  const nodes = new Array<number>(n + 1);
  const halfAngle = (cosine: number) => Math.sqrt((1 + cosine) / 2);
  const first = halfAngle(halfAngle(halfAngle(0)));
  nodes[0] = 1;
  nodes[1] = first;
  for (let k = 2; k <= n; k++) nodes[k] = 2 * first * nodes[k - 1] - nodes[k - 2];
  for (let k = 0; k <= n / 2; k++) nodes[n - k] = -nodes[k];
  nodes[n / 2] = 0;
  return nodes;
}

let rule: ReturnType<typeof clenshawCurtis> | undefined;

/** E f^2, E f'^2 and E z f f'. */
export type Moments = [square: number, slopeSquare: number, mixed: number];

/** f on an interval from low to high. */
interface Panel {
  low: number;
  high: number;
  /** The nodes, and their weights with the normal density in them. */
  z: number[];
  weights: number[];
  /** f and f' at the nodes. */
  values: number[];
  slopes: number[];
  /** The interval's part of the moments. */
  moments: Moments;
  /** Bounds of the moments' rounding errors: a slope is a difference of rounded values. */
  roundingErrors: Moments;
}

/** f(x). TypeError if that is not a number, RangeError if it is not finite and x is not in the tail. */
function evaluate(where: string, f: (x: number) => number, x: number): number {
  const value = f(x);
  if (typeof value !== 'number') throw new TypeError(`${where}: f(${x}) is ${what(value)}; pass a function of numbers`);
  if (Number.isFinite(value)) return value;
  if (Math.abs(x) < TAIL) throw new RangeError(`${where}: f(${x}) is ${value}; pass a function that is finite`);
  return 0; // f may overflow in the tail, which has almost no share in an integral
}

/** The panel from low to high; slopes are those of the polynomial through f's values at the nodes. */
function panel(where: string, f: (x: number) => number, low: number, high: number): Panel {
  const { nodes, weights: unscaled, differentiation } = (rule ??= clenshawCurtis());
  const [centre, radius] = [(low + high) / 2, (high - low) / 2];
  const z = nodes.map((node) => centre + radius * node);
  const values = z.map((x) => evaluate(where, f, x));
  const weights = new Array<number>(NODES);
  const slopes = new Array<number>(NODES);
  const moments: Moments = [0, 0, 0];
  for (let i = 0; i < NODES; i++) {
    let slope = 0;
    for (let j = 0; j < NODES; j++) slope += differentiation[i][j] * values[j];
    slope /= radius;
    const weight = unscaled[i] * radius * scalar(activationModule, 'normalDensity', z[i]);
    moments[0] += weight * values[i] * values[i];
    moments[1] += weight * slope * slope;
    moments[2] += weight * z[i] * values[i] * slope;
    weights[i] = weight;
    slopes[i] = slope;
  }
  const roundingErrors = roundingErrorsOf(low, high, weights, values, moments);
  return { low, high, z, weights, values, slopes, moments, roundingErrors };
}

function roundingErrorsOf(low: number, high: number, weights: number[], values: number[], moments: Moments): Moments {
  let [weight, largest] = [0, 0];
  for (let i = 0; i < NODES; i++) {
    weight += weights[i];
    largest = Math.max(largest, Math.abs(values[i]));
  }
  const slope = (2 ** -52 * NODES * NODES * largest) / ((high - low) / 2);
  return [
    0,
    2 * slope * Math.sqrt(weight * moments[1]) + weight * slope * slope,
    slope * weight * largest * Math.max(Math.abs(low), Math.abs(high)),
  ];
}

/** What refining panels needs, and its result so far. */
interface Refinement {
  where: string;
  f: (x: number) => number;
  /** By how much the moments of a panel and of its halves may differ. */
  tolerance: Moments;
  evaluated: number;
  panels: Panel[];
  /** Whether a panel that became a point holds a good part of E f'^2. */
  jumps: boolean;
}

/** Adds a panel's halves to the result if their moments agree with the panel's; else bisects the halves. */
function refine(state: Refinement, whole: Panel, bisections = 0): void {
  const { where, f, tolerance } = state;
  if (bisections === MAX_BISECTIONS) {
    // A panel this small around a kink or a step counts as a point, which has no slope.
    const [square, slopeSquare] = whole.moments;
    state.panels.push({ ...whole, slopes: whole.slopes.map(() => 0), moments: [square, 0, 0] });
    if (slopeSquare > 1e10 * tolerance[1]) state.jumps = true;
    return;
  }
  state.evaluated += 2;
  if (state.evaluated > MAX_PANELS)
    throw new RangeError(
      `${where}: f has too many kinks or steps to integrate, or rounded values such as float32's; pass a smoother function, in double precision`,
    );
  const middle = (whole.low + whole.high) / 2;
  const [left, right] = [panel(where, f, whole.low, middle), panel(where, f, middle, whole.high)];
  const agrees = (value: number, k: number) =>
    Math.abs(left.moments[k] + right.moments[k] - value) <= tolerance[k] + whole.roundingErrors[k];
  if (whole.moments.every(agrees)) {
    state.panels.push(left, right);
    return;
  }
  refine(state, left, bisections + 1);
  refine(state, right, bisections + 1);
}

/** f on panels from end to end: weighted sums over the nodes of all panels are integrals. */
export interface Quadrature {
  /** Whether f jumps somewhere, or its slope has no bound. */
  jumps: boolean;
  panels: readonly Panel[];
  moments: Moments;
}

/** RangeError where E f^2 or E f'^2 overflows, or E f^2 lies at the ends of the whole range: f grows too fast. */
function requireFinite(where: string, coarse: readonly Panel[], size: Moments, range: number): void {
  const ends = coarse[0].moments[0] + coarse[coarse.length - 1].moments[0];
  // A shrinkage function is 0 except at the ends, where its E f^2 is tiny: 1e-20 is allowed.
  const growing = range === RANGE && ends > 1e-10 * size[0] && ends > 1e-20;
  if (!size.every(Number.isFinite) || growing)
    throw new RangeError(`${where}: E f(z)^2 is not finite; pass a function that grows less fast`);
}

/**
 * f on panels from -range to range, and its moments to 1e-12 of each. RangeError where f is not finite, where it grows
 * so fast that E f^2 is not, and where it has too many kinks or steps.
 */
export function quadrature(where: string, f: (x: number) => number, range = RANGE): Quadrature {
  const coarse = Array.from({ length: 2 * range }, (_, i) => panel(where, f, i - range, i - range + 1));
  const size: Moments = [0, 0, 0];
  for (const { moments } of coarse) for (let k = 0; k < 3; k++) size[k] += Math.abs(moments[k]);
  requireFinite(where, coarse, size, range);
  const tolerance: Moments = [1e-13 * size[0], 1e-13 * size[1], 1e-13 * size[2]];
  const state: Refinement = { where, f, tolerance, evaluated: 0, panels: [], jumps: false };
  for (const whole of coarse) {
    const negligible = whole.moments.every((value, k) => Math.abs(value) <= 1e-3 * tolerance[k]);
    if (negligible) state.panels.push(whole);
    else refine(state, whole);
  }
  const moments: Moments = [0, 0, 0];
  for (const panel of state.panels) for (let k = 0; k < 3; k++) moments[k] += panel.moments[k];
  // The slopes of a function whose slope is 0 almost everywhere, such as a step, are rounding errors.
  if (moments[1] < 1e-12 * moments[0]) moments[1] = moments[2] = 0;
  return { panels: state.panels, moments, jumps: state.jumps };
}

/** E g(f(z), f'(z), z). */
export function expectation({ panels }: Quadrature, g: (value: number, slope: number, z: number) => number): number {
  let sum = 0;
  for (const { z, weights, values, slopes } of panels) {
    for (let i = 0; i < NODES; i++) sum += weights[i] * g(values[i], slopes[i], z[i]);
  }
  return sum;
}
