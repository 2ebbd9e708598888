// `diagnose.theory`: what mean-field theory expects of a network with random weights, before any data.

import { type Nonlinear, rounded } from '../activation/gain.js';
import type { Named } from '../activation/table.js';
import { choice, number, options, partsOf, what, whole } from '../check.js';
import { init } from '../init/index.js';
import { type Initialising, initialisers } from '../init/table.js';
import { correlationFixedPoint } from './correlation.js';
import { ln } from './logarithm.js';
import { edgeOfChaos, fixedPoint, type MeanField, meanField } from './mean-field.js';
import { type Network, propagate, type TheoryLayer } from './propagation.js';
import { type Phase, type TheoryCode, warnings } from './warnings.js';

export type { TheoryLayer } from './propagation.js';
export type { TheoryCode } from './warnings.js';

export interface TheorySpec {
  /** Values a row of the input, of each hidden layer and of the output: [784, 100, 100, 10]. */
  widths: readonly number[];
  /** Between the layers: a name, a name with parameters, or a function of your own. */
  activation: Named | Nonlinear;
  /**
   * fanIn Var(w), at least 0: 1 for LeCun, 2 for He, 1/3 for PyTorch's default. One for all layers, or one for each.
   */
  weightVariance?: number | readonly number[] | undefined;
  /** Instead of weightVariance an initialiser, or one with options: 'xavierNormal', ['normal', { std: 0.01 }]. */
  initialiser?: string | readonly [string, Record<string, unknown>];
  /** Var(b), at least 0; 0. */
  biasVariance?: number | undefined;
  /** The mean square of the data, at least 0; 1, which standardised data have. */
  meanSquare?: number | undefined;
}

export interface Theory {
  layers: TheoryLayer[];
  /** The fixed point of q in layers like the second; null where q grows without end, or to where f is not finite. */
  fixedPoint: number | null;
  /** chi and slope there. */
  chi: number | null;
  slope: number | null;
  /** The fixed point of the correlation of two inputs; null where f has kinks and it is too close to 1 to tell. */
  correlation: number | null;
  /**
   * In how many layers a difference of two inputs, or of q from its fixed point, falls to 1/e; null: never, or unknown.
   */
  depthScale: { correlation: number | null; variance: number | null };
  /** chi below 1 (all inputs become one, gradients vanish), 1, or above (close inputs part, gradients explode). */
  phase: 'ordered' | 'critical' | 'chaotic' | null;
  /**
   * The edge of chaos for this bias: the weightVariance with chi = 1 at a stable q (meanSquare); null: there is none.
   */
  critical: { weightVariance: number; meanSquare: number } | null;
  /** message: a sentence without its full stop. */
  warnings: { code: TheoryCode; level: 'warning' | 'error'; message: string }[];
}

/** V of each layer, from weightVariance or from an initialiser. */
function weightVariancesOf(
  where: string,
  { weightVariance, initialiser }: { weightVariance?: unknown; initialiser?: unknown },
  widths: readonly number[],
): number[] {
  if ((weightVariance === undefined) === (initialiser === undefined))
    throw new TypeError(
      `${where}: ${initialiser === undefined ? 'neither weightVariance nor initialiser; pass one of them' : 'both weightVariance and initialiser; pass one'}`,
    );
  if (initialiser !== undefined) return varianceOfInitialiser(where, initialiser, widths);
  const layers = widths.length - 1;
  const isList = Array.isArray(weightVariance);
  const list: unknown[] = isList ? Array.from(weightVariance) : new Array(layers).fill(weightVariance);
  if (list.length !== layers)
    throw new RangeError(`${where}: weightVariance has ${list.length} values for ${layers} layers; pass one for each`);
  return list.map((v, l) => number(where, `weightVariance${isList ? `[${l}]` : ''}`, v, { least: 0 }));
}

function varianceOfInitialiser(where: string, initialiser: unknown, widths: readonly number[]): number[] {
  const [first, parameters] = partsOf(initialiser) as [unknown, Record<string, unknown>?];
  const name = choice(where, 'initialiser', first, Object.keys(initialisers) as Initialising[]);
  return widths.slice(1).map((outputs, l) => {
    const { mean, std } = init.describe(name, [outputs, widths[l]], parameters);
    if (mean !== 0)
      throw new RangeError(`${where}: ${name} has mean ${mean}; the theory is of weights whose mean is 0`);
    return std * std * widths[l];
  });
}

/** More take seconds, and are where the first ones went. */
const MAX_LAYERS = 10_000;

/** The network and the activation that a spec describes, checked. */
function networkOf(where: string, spec: TheorySpec): { network: Network; field: MeanField } {
  const known = ['widths', 'activation', 'weightVariance', 'initialiser', 'biasVariance', 'meanSquare'] as const;
  const o = options(where, spec, known);
  const list: unknown = o.widths;
  const advice = 'pass those of the input, the layers and the output';
  if (!Array.isArray(list)) throw new TypeError(`${where}: widths is ${what(list)}; ${advice}`);
  if (list.length < 2) throw new RangeError(`${where}: widths has a length of ${list.length}; ${advice}`);
  if (list.length > MAX_LAYERS + 1)
    throw new RangeError(
      `${where}: widths has a length of ${list.length}; pass at most ${MAX_LAYERS + 1}, and see fixedPoint for deeper networks`,
    );
  const widths = Array.from(list, (n, i) => whole(where, `widths[${i}]`, n, { least: 1 }));
  if (o.activation === undefined) throw new TypeError(`${where}: activation is undefined; pass the name of one`);
  const network = {
    widths,
    weightVariances: weightVariancesOf(where, o, widths),
    biasVariance: number(where, 'biasVariance', o.biasVariance ?? 0, { least: 0 }),
    meanSquare: number(where, 'meanSquare', o.meanSquare ?? 1, { least: 0 }),
  };
  return { network, field: meanField(where, o.activation as Named | Nonlinear) };
}

/** The number of layers in which a difference falls to 1/e that is multiplied by `factor` a layer. */
const depthScaleOf = (factor: number) => (factor > 0 && Math.abs(factor - 1) > 1e-9 ? rounded(-1 / ln(factor)) : null);

function phaseOf(chi: number, jumps: boolean): Phase {
  if (jumps || chi > 1 + 1e-6) return 'chaotic';
  return chi < 1 - 1e-6 ? 'ordered' : 'critical';
}

type Limit = Pick<Theory, 'fixedPoint' | 'chi' | 'slope' | 'correlation' | 'depthScale' | 'phase'>;

/** What many layers like one lead to, whose input has mean square q at first. */
function limitOf(field: MeanField, weightVariance: number, biasVariance: number, start: number): Limit {
  const variances = { weightVariance, biasVariance };
  const q = fixedPoint(field, variances, start);
  if (q === null) {
    const depthScale = { correlation: null, variance: null };
    return { fixedPoint: null, chi: null, slope: null, correlation: null, depthScale, phase: null };
  }
  const { slopeSquare, growth, jumps } = field.momentsAt(q);
  const [chi, slope] = [weightVariance * slopeSquare, weightVariance * growth];
  const pair = correlationFixedPoint(field, q, variances);
  return {
    fixedPoint: rounded(q),
    chi: rounded(chi),
    slope: rounded(slope),
    correlation: pair === undefined ? null : rounded(pair.c),
    depthScale: { correlation: pair === undefined ? null : depthScaleOf(pair.slope), variance: depthScaleOf(slope) },
    phase: phaseOf(chi, jumps),
  };
}

/**
 * What mean-field theory (Poole et al. 2016, Schoenholz et al. 2017) expects of a random network with any activation;
 * fixed points and the edge of chaos to 1e-8 and better. It is exact for infinitely wide layers; `band` says how far
 * networks of these widths stray, and the warning 'unreliable' that they stray too far. Plain data. The last of the
 * twelve digits may differ between engines, since the host computes an activation's formula; the weights that this
 * package draws never differ. A function of your own has the same theory as an activation of its formula, and may have kinks,
 * jumps and steep parts, as for `gain`. TypeError and RangeError for options that are missing or out of range, more than
 * 10,000 layers, weights whose mean is not 0, and an activation that cannot be integrated or whose slope has no bound.
 */
export function theory(spec: TheorySpec): Theory {
  const { network, field } = networkOf('diagnose.theory', spec);
  const { weightVariances, biasVariance } = network;
  const layers = propagate(field, network);
  // Layers like the second stand for the deep part: the first has the data's width, the last the classes'.
  const second = Math.min(1, layers.length - 1);
  const limit = limitOf(field, weightVariances[second], biasVariance, layers[second].preactivation);
  return {
    layers,
    ...limit,
    critical: edgeOfChaos(field, biasVariance),
    warnings: warnings({ layers, ...limit }, field),
  };
}
