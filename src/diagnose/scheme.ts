// Ways to draw the weights so that the signal and its gradient keep their size through a model's layers: initialisers and gains,
// from mean-field theory, in the order in which theory prefers them.

import type { Row } from '../activation/row.js';
import { type Activation, activations } from '../activation/table.js';
import type { Measured } from '../nn/statistics.js';
import { activationIn, isLinear } from './findings.js';
import { exp, log10 } from './logarithm.js';
import { type MeanField, meanField } from './mean-field.js';
import { MAX_FIXED_POWERS } from './thresholds.js';

/** A way to draw the weights of the hidden layers, and with `outputGain` those of the last layer. */
export type Scheme =
  | { initialiser: 'orthogonal' | 'kaimingNormal'; gain: number; outputGain: number; reason: string }
  /** Layer-sequential unit-variance initialisation, fitted to a batch. */
  | { initialiser: 'lsuv'; gain?: undefined; reason: string };

const lsuv: Scheme = { initialiser: 'lsuv', reason: 'fitted to the data, layer by layer' };
/** Gains have eight digits, which do not depend on the engine. */
const gainOf = (weightVariance: number) => Number(Math.sqrt(weightVariance).toPrecision(8));

/** Whether layers of a kind pass the values on, or are outputs alone: the theory need not know them. */
const isNeutral = (kind: string) => isLinear(kind) || /^(dropout|flatten|(log)?softmax)$/i.test(kind);

/** The schemes for a network with `depth` hidden layers, the best by theory first. */
export function schemesOf({ layers }: Measured, depth: number): Scheme[] {
  const used = layers.flatMap((layer) => activationIn(layer) ?? []);
  const unknown = layers.some((layer) => !isNeutral(layer.kind) && !activationIn(layer));
  const distinct = new Map(used.map((activation) => [`${activation.name} ${activation.numbers}`, activation]));
  // The theory describes networks in which all activations are the same.
  const others = normalAndOrthogonal(1, 1, 'which suits layers of several activations better than a small one');
  if (unknown || distinct.size > 1) return [lsuv, ...others];
  const [activation] = distinct.values();
  if (activation === undefined) return normalAndOrthogonal(1, 1, 'which keeps the signal in linear layers');
  const row: Row = activations[activation.name as Activation];
  const field = meanField('diagnose.verdicts', (x) => row.formula(x, ...activation.numbers), true);
  return schemesOfActivation(activation.name, field, depth);
}

const normalAndOrthogonal = (weightVariance: number, outputGain: number, reason: string): Scheme[] =>
  (['kaimingNormal', 'orthogonal'] as const).map((initialiser) => ({
    initialiser,
    gain: gainOf(weightVariance),
    outputGain,
    reason,
  }));

/** The change of the gradient's mean square, in powers of ten, up to which the activation's own gain is preferred. */
const CLOSE = 0.5;

/** A gain this much larger than the activation's own saturates units: sigmoid would need 12, where 1.9 keeps the signal. */
const MAX_RATIO = 2.5;

/**
 * The schemes in order:
 * 1. the activation's own gain, which keeps the signal's mean square, if the gradient nearly keeps its length too;
 * 2. the gain at which the gradient keeps its length; where that would saturate units, the least gain at which the gradient's
 *    mean square falls by what a fix allows;
 * 3. the own gain, if it was not first;
 * 4. lsuv.
 * Each gain first with kaimingNormal, then with orthogonal. Measured on digits, with 45 networks of 1 to 28 layers and 20
 * activations, each at the best of 5 learning rates, beside the best of 7 schemes and these rates: the own gain came within three
 * points of the best in 31, and the first of these schemes in 39.
 */
function schemesOfActivation(name: string, field: MeanField, depth: number): Scheme[] {
  const { square, slopeSquare } = field.momentsAt(1);
  // hardshrink with a large lambda is 0 for nearly all of N(0, 1): no scale keeps that signal.
  const keeping = square > 0 && slopeSquare > 0 ? 1 / square : undefined;
  const own =
    keeping === undefined ? [] : normalAndOrthogonal(keeping, 1, `${name}'s gain: it keeps the signal's mean square`);
  const isClose = keeping !== undefined && Math.abs(gradientPowers(field, keeping, depth)) <= CLOSE;
  const balanced = gradientKeeping(field, Math.max(depth, 2));
  const rest = keeping === undefined ? [] : [lsuv];
  if (balanced === undefined) return [...own, ...rest];
  const isSteep = keeping !== undefined && balanced > MAX_RATIO * MAX_RATIO * keeping;
  const variance = isSteep ? leastSteep(field, keeping, balanced, depth) : balanced;
  const effect = isSteep ? 'falls no more than tenfold' : 'keeps its length';
  const reason = `with which a gradient ${effect} through ${depth} layers of ${name}`;
  const others = normalAndOrthogonal(variance, outputGain(field, variance, depth), reason);
  return isClose ? [...own, ...others, ...rest] : [...others, ...own, ...rest];
}

/** The weight variance, at least the mean of two, with which the gradient falls by MAX_FIXED_POWERS at most. */
function leastSteep(field: MeanField, keeping: number, balanced: number, depth: number): number {
  const between = Math.sqrt(keeping * balanced);
  const powersAbove = (variance: number) => gradientPowers(field, variance, depth) + MAX_FIXED_POWERS;
  return powersAbove(between) >= 0 ? between : bisect(powersAbove, between, balanced);
}

/** The last layer's gain, so that the outputs' mean square is at most 1. */
function outputGain({ momentsAt }: MeanField, weightVariance: number, depth: number): number {
  let q = weightVariance;
  for (let l = 1; l < depth; l++) q = Math.min(weightVariance * momentsAt(q).square, 1e30);
  const { square } = momentsAt(q);
  return square > 1 ? Number((1 / Math.sqrt(square)).toPrecision(8)) : 1;
}

/** Powers of ten by which the gradient's mean square grows over `depth` layers, for inputs of mean square 1. */
function gradientPowers({ momentsAt }: MeanField, weightVariance: number, depth: number): number {
  let [q, powers] = [weightVariance, 0];
  for (let l = 1; l < depth; l++) {
    const { square, slopeSquare } = momentsAt(q);
    powers += log10(weightVariance * slopeSquare);
    // Beyond, the signal has left float32.
    q = Math.min(Math.max(weightVariance * square, 1e-30), 1e30);
  }
  return powers;
}

/** The least and the largest weight variance that are looked at, as powers of two: gains from 0.7 to 16. */
const [LEAST, MOST] = [-1, 8];

/**
 * The weight variance with which the gradient neither falls nor grows over `depth` layers: the first zero, by steps of a fifth
 * of a power of two and bisection. Without one, where it changes least. undefined if no gradient comes through.
 */
function gradientKeeping(field: MeanField, depth: number): number | undefined {
  // Not **, whose last digits differ between engines.
  const varianceAt = (power: number) => exp(power * Math.LN2);
  const powersAt = (power: number) => gradientPowers(field, varianceAt(power), depth);
  let [best, least] = [0, Infinity];
  let previous = powersAt(LEAST);
  for (let power = LEAST + 0.2; power <= MOST; power += 0.2) {
    const powers = powersAt(power);
    if (powers < 0 !== previous < 0) return varianceAt(bisect(powersAt, power - 0.2, power));
    if (Math.abs(powers) < least) [best, least] = [power, Math.abs(powers)];
    previous = powers;
  }
  return least < 10 * depth ? varianceAt(best) : undefined;
}

/** Where a function changes its sign. */
function bisect(f: (x: number) => number, from: number, to: number): number {
  const isNegative = f(from) < 0;
  let [low, high] = [from, to];
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (f(middle) < 0 === isNegative) low = middle;
    else high = middle;
  }
  return low;
}
