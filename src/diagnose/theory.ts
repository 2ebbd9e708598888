// Mean field: what random weights make of a signal and of its gradient, layer by layer, before any data. For wide layers
// a pre-activation is normal, so that its mean square q says all: q' = V E f(sqrt(q) z)^2 + B with V = fanIn Var(w),
// B = Var(b), z ~ N(0, 1), and backward a gradient's mean square goes as chi = V E f'(sqrt(q) z)^2 (Poole et al. 2016,
// Schoenholz et al. 2017).

import { type Nonlinear, rounded } from '../activation/gain.js';
import { expectation } from '../activation/quadrature.js';
import type { Named } from '../activation/table.js';
import { choice, number, options, what, whole } from '../check.js';
import { init } from '../init/index.js';
import { initialisers } from '../init/table.js';
import { FLAT } from '../nn/statistics.js';
import { correlation, critical, exp, type Field, field, fixedPoint, ln } from './mean-field.js';

export interface TheorySpec {
  /** Values a row of the input, of each hidden layer and of the output: [784, 100, 100, 10]. */
  widths: readonly number[];
  /** Between the layers: a name, a name with parameters, or a function of your own. */
  activation: Named | Nonlinear;
  /** fanIn Var(w): 1 for LeCun, 2 for He, 1/3 for PyTorch's default; one for all layers, or one for each. */
  weightVariance?: number | readonly number[];
  /** In its place an initialiser, or one with options: 'xavierNormal', ['normal', { std: 0.01 }]. */
  initialiser?: string | readonly [string, Record<string, unknown>];
  /** Var(b); 0. */
  biasVariance?: number;
  /** The mean square of the data; 1, which standardised data have. */
  meanSquare?: number;
}

/** What is expected of a layer with weights and of the activation behind it. */
export interface TheoryLayer {
  /** From 0, counting layers with weights. */
  layer: number;
  inputs: number;
  outputs: number;
  /** fanIn Var(w). */
  weightVariance: number;
  /** The mean square q of what it makes before the activation, and behind it. */
  preactivation: number;
  activation: number;
  /** By how much a gradient's mean square grows through a layer of such weights, at this q. */
  chi: number;
  /** By how much a small deviation of q grows. */
  slope: number;
  /** The mean square of the gradient by what it makes before the activation; the last layer's is 1. */
  gradient: number;
  /** log10 of both: of a deep network they may be too small for a number. */
  log10: { preactivation: number; gradient: number };
  /** Where both lie in 19 of 20 networks of these widths: two deviations of a log-normal. */
  band: { preactivation: [low: number, high: number]; gradient: [low: number, high: number] };
  /** Whether float32 has no normal number for it (below 1.2e-38 or above 3.4e38), root or mean square. */
  underflow: boolean;
}

export type TheoryCode =
  | 'vanishing'
  | 'exploding'
  | 'saturated'
  | 'dead'
  | 'depth'
  | 'unstable'
  | 'unreliable'
  | 'underflow';

export interface Theory {
  layers: TheoryLayer[];
  /** Where q goes in layers like the second; null: nowhere, it grows for ever. */
  fixedPoint: number | null;
  /** chi and slope there. */
  chi: number | null;
  slope: number | null;
  /** Where the correlation of two inputs goes; null where it is too close to 1 to be told of a function with kinks. */
  correlation: number | null;
  /** In how many layers a difference of two inputs, or a deviation of q, falls to 1/e; null: never, or it is not told. */
  depthScale: { correlation: number | null; variance: number | null };
  /** chi below 1 (all inputs become one, gradients vanish), 1, or above (neighbours part, gradients explode). */
  phase: 'ordered' | 'critical' | 'chaotic' | null;
  /** The edge of chaos for this bias: the weightVariance with chi = 1 at a stable q (meanSquare); null: there is none. */
  critical: { weightVariance: number; meanSquare: number } | null;
  warnings: { code: TheoryCode; level: 'warning' | 'error'; message: string }[];
}

/** The number of layers in which something falls to 1/e that is multiplied by `factor` a layer. */
const scale = (factor: number) => (factor > 0 && Math.abs(factor - 1) > 1e-9 ? rounded(-1 / ln(factor)) : null);

/** The weight variance of each layer, said or an initialiser's. */
function variances(where: string, o: Partial<TheorySpec>, widths: readonly number[]): number[] {
  const { weightVariance, initialiser } = o;
  if ((weightVariance === undefined) === (initialiser === undefined))
    throw new TypeError(
      `${where}: ${initialiser === undefined ? 'neither weightVariance nor initialiser; pass one of them' : 'both weightVariance and initialiser; pass one'}`,
    );
  const layers = widths.length - 1;
  if (initialiser !== undefined) {
    const [word, given] = Array.isArray(initialiser) ? initialiser : [initialiser, {}];
    const name = choice(where, 'initialiser', word, Object.keys(initialisers) as (keyof typeof initialisers)[]);
    return Array.from({ length: layers }, (_, l) => {
      const { mean, std } = init.describe(name, [widths[l + 1], widths[l]], given);
      if (mean !== 0)
        throw new RangeError(`${where}: ${name} has mean ${mean}; the theory is of weights whose mean is 0`);
      return std * std * widths[l];
    });
  }
  const several = Array.isArray(weightVariance);
  const list = several ? Array.from(weightVariance) : new Array(layers).fill(weightVariance);
  if (list.length !== layers)
    throw new RangeError(`${where}: weightVariance has ${list.length} values for ${layers} layers; pass one for each`);
  return list.map((v, l) => number(where, `weightVariance${several ? `[${l}]` : ''}`, v, { least: 0 }));
}

/**
 * What mean-field theory expects of a random network, of any activation: fixed points and the edge of chaos to 1e-8 and
 * better. Exact for infinitely wide layers; `band` says how far networks of these widths stray, and a warning
 * 'unreliable' when that is too far to tell. Plain data. The last of the twelve digits may differ between engines, for an
 * activation's formula is computed by the host; the weights that this package draws never are.
 */
export function theory(given: TheorySpec): Theory {
  const where = 'diagnose.theory';
  const known = ['widths', 'activation', 'weightVariance', 'initialiser', 'biasVariance', 'meanSquare'];
  const o = options(where, given, known);
  const list: unknown = o.widths;
  const advice = 'pass those of the input, the layers and the output';
  if (!Array.isArray(list)) throw new TypeError(`${where}: widths is ${what(list)}; ${advice}`);
  if (list.length < 2) throw new RangeError(`${where}: widths has a length of ${list.length}; ${advice}`);
  const widths = Array.from(list, (n, i) => whole(where, `widths[${i}]`, n, { least: 1 }));
  if (o.activation === undefined) throw new TypeError(`${where}: activation is undefined; pass the name of one`);
  const v = variances(where, o, widths);
  const b = number(where, 'biasVariance', o.biasVariance ?? 0, { least: 0 });
  const data = number(where, 'meanSquare', o.meanSquare ?? 1, { least: 0 });
  const mean = field(where, o.activation);
  const layers = forward(mean, widths, v, b, data);
  backward(layers, mean, v);

  // Layers like the second stand for the deep part: the first has the data's width, the last the classes'.
  const deep = Math.min(1, v.length - 1);
  const q = fixedPoint(mean, v[deep], b, layers[deep].preactivation);
  const at = q === null ? undefined : mean.at(q);
  const chi = at === undefined ? null : v[deep] * at.steep;
  const slope = at === undefined ? null : v[deep] * at.growth;
  const pair = at === undefined || q === null ? undefined : correlation(mean, Math.max(q, 1e-200), v[deep], b);
  const phase =
    chi === null || at === undefined
      ? null
      : at.jumps || chi > 1 + 1e-6
        ? 'chaotic'
        : chi < 1 - 1e-6
          ? 'ordered'
          : 'critical';
  const depthScale = {
    correlation: pair === undefined ? null : scale(pair[1]),
    variance: slope === null ? null : scale(slope),
  };
  const result: Theory = {
    layers,
    ...{ fixedPoint: q === null ? null : rounded(q), chi: chi && rounded(chi), slope: slope && rounded(slope) },
    ...{ correlation: pair === undefined ? null : rounded(pair[0]), depthScale, phase },
    critical: critical(mean, b),
    warnings: [],
  };
  result.warnings = warnings(result, mean);
  return result;
}

function forward({ at }: Field, widths: readonly number[], v: number[], b: number, data: number): TheoryLayer[] {
  const layers: TheoryLayer[] = [];
  let [input, log, spread] = [data, data > 0 ? ln(data) : -Infinity, 0];
  for (let l = 0; l < v.length; l++) {
    const q = Math.min(v[l] * input + b, 1e300);
    // A mean square too small or too large for a number goes on as its logarithm.
    const fits = q > 1e-280 && q < 1e280;
    const logq = fits ? ln(q) : v[l] > 0 ? ln(v[l]) + log : -Infinity;
    const here = at(q);
    // The relative variance of q over networks: what its inputs have, and that of a mean over its own units.
    const inherited = q > 0 ? ((v[l] * input) / q) ** 2 * spread : 0;
    layers.push({
      ...{ layer: l, inputs: widths[l], outputs: widths[l + 1], weightVariance: rounded(v[l]) },
      ...{ preactivation: rounded(q), activation: rounded(here.square) },
      ...{ chi: rounded(v[l] * here.steep), slope: rounded(v[l] * here.growth), gradient: 1 },
      log10: { preactivation: decimal(logq), gradient: 0 },
      band: { preactivation: band(logq, (1 + inherited) * (1 + 2 / widths[l + 1]) - 1), gradient: [1, 1] },
      underflow: false,
    });
    const through = here.square > 0 ? (here.growth * q) / here.square : 1;
    spread = (1 + through * through * inherited) * (1 + Math.max(0, here.spread - 1) / widths[l + 1]) - 1;
    spread = Math.min(spread, 1e300);
    log = fits ? ln(here.square) : logq + ln(here.steep);
    input = here.square;
  }
  return layers;
}

function backward(layers: TheoryLayer[], { at }: Field, v: number[]): void {
  let [log, spread] = [0, 0];
  for (let l = layers.length - 1; l >= 0; l--) {
    const made = layers[l];
    if (l < layers.length - 1) {
      // By fanOut: n_(l+1) Var(w) = V n_(l+1) / n_l.
      const { steep, steepSpread } = at(made.preactivation);
      const factor = (steep * v[l + 1] * layers[l + 1].outputs) / layers[l + 1].inputs;
      log += factor > 0 ? ln(factor) : -Infinity;
      // Three: the fourth moment of the normal that the weights make of the gradient.
      spread = (1 + spread) * (1 + Math.max(0, 3 * steepSpread - 1) / made.outputs) - 1;
    }
    made.gradient = finite(exp(log));
    made.log10.gradient = decimal(log);
    made.band.gradient = band(log, spread);
    // What is in an array is not the mean square but its root.
    made.underflow = Object.values(made.log10).some((x) => x < 2 * SMALL || x > 2 * LARGE);
  }
}

const finite = (x: number) => rounded(Math.min(x, 1e308));
/** From the natural logarithm, and finite: JSON has no infinity. */
const decimal = (log: number) => rounded(Math.min(Math.max(log / Math.LN10, -1e6), 1e6));
/** log10 of the least normal number of float32 and of the largest. */
const [SMALL, LARGE] = [-37.93, 38.53];

/** Two deviations of a log-normal with that mean, told as its logarithm, and relative variance. */
function band(log: number, spread: number): [low: number, high: number] {
  const variance = ln(1 + Math.min(spread, 1e300));
  const reach = 2 * Math.sqrt(variance);
  return [finite(exp(log - variance / 2 - reach)), finite(exp(log - variance / 2 + reach))];
}

/** A gradient or a signal that changes by so many powers of ten from end to end is ill; by twice as many, lost. */
export const POWERS = 3;
/** Of what is not flat for N(0, 1), the share that is flat in a saturated layer. */
export const SATURATED = 0.5;
/** The share of relu networks of these widths that one input does not leave dead: each layer is with a chance of 2^-n. */
export const alive = (widths: readonly number[]) => widths.reduce((share, n) => share * (1 - exp(-n * Math.LN2)), 1);
/** Less than that is told. */
export const ALIVE = 0.99;

/**
 * What to expect of a network, in words. Thresholds: a gradient's mean square that changes 10^3 times between the first
 * and the last hidden layer; more layers than 6 depth scales, as deep as Schoenholz et al. (2017) could train; half of
 * what is not flat already at N(0, 1) flat; a network dead for one input more often than once in a hundred (Lu et al.
 * 2020); a relative variance over networks above 1.
 */
function warnings({ layers, depthScale, slope, phase }: Theory, { f, integral }: Field): Theory['warnings'] {
  const found: Theory['warnings'] = [];
  const warn = (code: TheoryCode, level: 'warning' | 'error', message: string) => found.push({ code, level, message });
  const hidden = layers.length > 1 ? layers.slice(0, -1) : layers;
  const [first, last] = [hidden[0], hidden[hidden.length - 1]];
  const change = first.log10.gradient - last.log10.gradient;
  if (Math.abs(change) > POWERS) {
    warn(
      change < 0 ? 'vanishing' : 'exploding',
      Math.abs(change) > 2 * POWERS ? 'error' : 'warning',
      `the gradient's mean square is 10^${change.toFixed(1)} of the last hidden layer's when it reaches the first: ${change < 0 ? 'the first layers will hardly learn' : 'its steps will throw the first layers about'}`,
    );
  }
  const reach = depthScale.correlation;
  if (phase !== 'critical' && reach !== null && hidden.length > 6 * Math.abs(reach)) {
    const lost = phase === 'ordered' ? 'all inputs look alike' : 'inputs that were alike have nothing in common';
    warn('depth', 'warning', `after ${hidden.length} layers ${lost}: the depth scale is ${reach.toFixed(1)} layers`);
  }
  const usual = integral(1);
  const bound = FLAT * usual.panels.reduce((most, { slopes }) => Math.max(most, ...slopes.map(Math.abs)), 0);
  const flat = (q: number) => {
    const root = Math.sqrt(q);
    return expectation(integral(q), (_, d) => (Math.abs(d) < bound * root ? 1 : 0));
  };
  const limit = flat(1) + SATURATED * (1 - flat(1));
  const saturated = hidden.filter(({ preactivation: q }) => q > 1e-12 && flat(q) > limit);
  if (saturated.length > 0) {
    const [{ layer, preactivation: q }] = saturated;
    warn(
      'saturated',
      'warning',
      `in layer ${layer} ${(100 * flat(q)).toFixed(0)} % of the values have next to no slope`,
    );
  }
  if (f(-0.5) === 0 && f(-3) === 0) {
    const share = alive(hidden.map(({ outputs }) => outputs));
    if (share < ALIVE)
      warn(
        'dead',
        'warning',
        `for any one input the whole network is dead with a chance of ${(100 * (1 - share)).toFixed(1)} %`,
      );
  }
  if (slope === null) warn('unstable', 'warning', 'the signal grows from layer to layer without end');
  else if (slope > 1 + 1e-6)
    warn('unstable', 'warning', `a mean square that is off is off ${slope.toFixed(3)} times as much a layer later`);
  const [low, high] = last.band.preactivation;
  if (low > 0 && ln(high / low) > 4 * Math.sqrt(ln(2)))
    warn('unreliable', 'warning', 'the layers are so narrow for this depth that one network says little of another');
  if (layers.some(({ underflow }) => underflow))
    warn('underflow', 'error', 'values leave the range of float32: they become zeros, or infinite');
  return found;
}
