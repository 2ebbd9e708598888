// By how much weights are widened before a nonlinearity f, so that a layer keeps what comes in: for z ~ N(0, 1)
// forward 1 / sqrt(E f(z)^2), backward 1 / sqrt(E f'(z)^2) (He et al. 2015, Klambauer et al. 2017), for any f.

import { type Activation, activations, parametersOf } from './activation.js';
import { choice, number, options, what } from './argument.js';
import { type Nonlinearity, nonlinearities, torchGains } from './init.js';
import type { Row } from './pointwise.js';
import { scalar } from './wasm.js';

/** A function, or the name of one. */
export type Nonlinear = Activation | 'linear' | ((x: number) => number);

export interface GainDescription {
  /** 1 / sqrt(E f^2): keeps the second moment of what goes forward. */
  forward: number;
  /** 1 / sqrt(E f'^2): keeps that of the gradients. */
  backward: number;
  /** With the forward gain, by how much a gradient's second moment grows a layer (gain^2 E f'^2). */
  chi: number;
  /** With the forward gain, by how much a deviation of the second moment from 1 grows a layer; above 1 it is unstable. */
  slope: number;
}

/** Nodes of a panel, and how often a panel is halved before what is left of it counts as a point. */
const NODES = 17;
const HALVINGS = 44;
/** Beyond, the normal density is below the smallest number; from CUT on less than 1e-13 of it is left. */
const END = 38;
const CUT = 7.5;

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
type Moments = [square: number, slope: number, mixed: number];

/** The integrals over one panel, by interpolating f on it; undefined where f is no number that counts. */
function panel(where: string, f: (x: number) => number, low: number, high: number): Moments {
  const { points, weights, matrix } = (rules ??= rule());
  const [centre, radius] = [(low + high) / 2, (high - low) / 2];
  const z = points.map((p) => centre + radius * p);
  const values = z.map((x) => {
    const value = f(x);
    if (typeof value !== 'number')
      throw new TypeError(`${where}: f(${x}) is ${what(value)}; pass a function of numbers`);
    if (Number.isFinite(value)) return value;
    if (Math.abs(x) < CUT)
      throw new RangeError(`${where}: f(${x}) is ${value}; there is no gain where f is not finite`);
    return 0; // overflown far out, where nothing of the normal is left
  });
  const result: Moments = [0, 0, 0];
  z.forEach((x, i) => {
    const slope = matrix[i].reduce((sum, d, j) => sum + d * values[j], 0) / radius;
    const weight = weights[i] * radius * scalar('normalDensity', x);
    result[0] += weight * values[i] * values[i];
    result[1] += weight * slope * slope;
    result[2] += weight * x * values[i] * slope;
  });
  return result;
}

/** The integrals over a panel whose halves agree with it to a tolerance, or of its halves, down to points. */
function refined(
  where: string,
  f: (x: number) => number,
  low: number,
  high: number,
  whole: Moments,
  tolerance: Moments,
  depth = 0,
): Moments {
  // What is left around a kink or a step is a point: it has no slope.
  if (depth === HALVINGS) return [whole[0], 0, 0];
  const middle = (low + high) / 2;
  const [left, right] = [panel(where, f, low, middle), panel(where, f, middle, high)];
  if (whole.every((value, k) => Math.abs(left[k] + right[k] - value) <= tolerance[k])) return plus(left, right);
  return plus(
    refined(where, f, low, middle, left, tolerance, depth + 1),
    refined(where, f, middle, high, right, tolerance, depth + 1),
  );
}

const plus = (a: Moments, b: Moments): Moments => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];

function moments(where: string, f: (x: number) => number): Moments {
  const lows = Array.from({ length: 2 * END }, (_, i) => i - END);
  const coarse = lows.map((low) => panel(where, f, low, low + 1));
  const size = coarse.map((m) => m.map(Math.abs) as Moments).reduce(plus);
  if (!size.every(Number.isFinite) || coarse[0][0] + coarse[coarse.length - 1][0] > 1e-10 * size[0]) {
    throw new RangeError(`${where}: E f(z)^2 is not finite; there is no gain for a function that grows so fast`);
  }
  const tolerance = size.map((value) => 1e-13 * value) as Moments;
  return lows.map((low, i) => refined(where, f, low, low + 1, coarse[i], tolerance)).reduce(plus);
}

/** Twelve digits: more than is promised, fewer than those in which the hosts' own functions differ. */
const rounded = (value: number) => Number(value.toPrecision(12));

function functionOf(where: string, f: Nonlinear, given: Record<string, unknown>): (x: number) => number {
  if (typeof f === 'function') {
    options(where, given, []);
    return f;
  }
  if (typeof f !== 'string') throw new TypeError(`${where}: f is ${what(f)}; pass a function or the name of one`);
  const name = choice(where, 'f', f, ['linear', ...(Object.keys(activations) as Activation[])]);
  if (name === 'linear') {
    options(where, given, []);
    return (x) => x;
  }
  const row: Row = activations[name];
  const [a, b] = parametersOf(where, row, options(where, given, Object.keys(row.parameters)));
  return (x) => row.formula(x, a, b);
}

function described(where: string, f: Nonlinear, given: Record<string, unknown>): GainDescription {
  const [square, steepness, mixed] = moments(where, functionOf(where, f, given));
  if (square === 0)
    throw new RangeError(`${where}: E f(z)^2 is 0; there is no gain for a function that lets nothing through`);
  // A function without slope, such as a step, shows rounding errors; no weight is wide enough for it.
  const slope = steepness < 1e-12 * square ? 0 : steepness;
  return {
    forward: rounded(1 / Math.sqrt(square)),
    backward: rounded(1 / Math.sqrt(slope)),
    chi: rounded(slope / square),
    slope: rounded(mixed / square),
  };
}

/**
 * The gain of any function, by quadrature to 1e-9: an activation of this package by name, with its parameters,
 * or a function of your own, with kinks or steps. RangeError for one that has no gain.
 */
function gainOf(f: Nonlinear, given: { direction?: 'forward' | 'backward' } & Record<string, unknown> = {}): number {
  const { direction, ...rest } = options('gain', given, [...Object.keys(given ?? {})]);
  const towards = choice('gain', 'direction', direction ?? 'forward', ['forward', 'backward']);
  return described('gain', f, rest)[towards];
}

export const gain = /* @__PURE__ */ Object.assign(gainOf, {
  /** Both gains, and how deep networks of it behave: chi and slope. */
  describe: (f: Nonlinear, given: Record<string, unknown> = {}): GainDescription =>
    described('gain.describe', f, given),

  /**
   * PyTorch's torch.nn.init.calculate_gain: linear and sigmoid 1, tanh 5/3, relu sqrt 2, leakyRelu
   * sqrt(2 / (1 + slope^2)) (slope 0.01), selu 3/4.
   */
  torch(nonlinearity: Nonlinearity, given?: { slope?: number }): number {
    const where = 'gain.torch';
    const { slope = 0.01 } = options(where, given, ['slope']);
    return torchGains[choice(where, 'nonlinearity', nonlinearity, nonlinearities)](number(where, 'slope', slope));
  },
});
