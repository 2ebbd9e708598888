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
  | { initialiser: 'kaimingNormal' | 'orthogonal'; gain: number; outputGain: number; reason: string }
  /** Layer-sequential unit-variance initialisation, fitted to a batch. */
  | { initialiser: 'lsuv'; gain?: undefined; reason: string };

const lsuv: Scheme = { initialiser: 'lsuv', reason: 'fitted to the data, layer by layer' };
/** Gains have eight digits, which do not depend on the engine. */
const gainOf = (weightVariance: number) => Number(Math.sqrt(weightVariance).toPrecision(8));
const kaiming = (weightVariance: number, outputVariance: number, reason: string) => ({
  initialiser: 'kaimingNormal' as const,
  gain: gainOf(weightVariance),
  outputGain: gainOf(outputVariance),
  reason,
});
type Kaiming = ReturnType<typeof kaiming>;
const orthogonal = (scheme: Kaiming): Scheme => ({ ...scheme, initialiser: 'orthogonal' });

/** Whether layers of a kind pass the values on, or are outputs alone: the theory need not know them. */
const isNeutral = (kind: string) => isLinear(kind) || /^(dropout|flatten|(log)?softmax)$/i.test(kind);

/**
 * The schemes for a network with `depth` hidden layers. The first is the one to take without a trial; there is none if the
 * activation lets no gradient through.
 */
export function schemesOf({ layers }: Measured, depth: number): Scheme[] {
  const used = layers.flatMap((layer) => activationIn(layer) ?? []);
  const unknown = layers.some((layer) => !isNeutral(layer.kind) && !activationIn(layer));
  const distinct = new Map(used.map((activation) => [`${activation.name} ${activation.numbers}`, activation]));
  const plain = kaiming(1, 1, 'which keeps the mean square of the signal in linear layers');
  // The theory describes networks in which all activations are the same.
  if (unknown || distinct.size > 1) return [lsuv, plain, orthogonal(plain)];
  const [activation] = distinct.values();
  if (activation === undefined) return [plain, orthogonal(plain)];
  const row: Row = activations[activation.name as Activation];
  const field = meanField('diagnose.verdicts', (x) => row.formula(x, ...activation.numbers), true);
  return schemesOfActivation(activation.name, field, depth);
}

/** The change of the gradient's mean square, in powers of ten, up to which the activation's own gain is preferred. */
const CLOSE = 0.5;

/** A gain this much larger than the activation's own saturates units: sigmoid would need 12, where 1.9 keeps the signal. */
const MAX_RATIO = 2.5;

/**
 * The first scheme is the first of these that there is:
 * 1. the activation's own gain, which keeps the signal's mean square, if the gradient nearly keeps its length too;
 * 2. the gain at which the gradient keeps its length; where that would saturate units, the least gain at which the gradient's
 *    mean square falls by what a fix allows;
 * 3. the own gain.
 * Measured on digits, with 45 networks of 1 to 28 layers and 20 activations, each at the best of 5 learning rates, beside the best
 * of 7 schemes and these rates: the own gain came within three points of the best in 31, and this choice in 39.
 * Then the other gains, the first and no gain with orthogonal matrices, and lsuv: what a trial may prefer.
 */
function schemesOfActivation(name: string, field: MeanField, depth: number): Scheme[] {
  const { square, slopeSquare } = field.momentsAt(1);
  // hardshrink with a large lambda is 0 for nearly all of N(0, 1): no scale keeps that signal.
  const keeping = square > 0 && slopeSquare > 0 ? 1 / square : undefined;
  const own = keeping && kaiming(keeping, 1, `${name}'s gain: it keeps the signal's mean square`);
  const isClose = keeping !== undefined && Math.abs(passage(field, keeping, depth).gradient) <= CLOSE;
  const balanced = gradientKeeping(field, Math.max(depth, 2));
  const schemes: Kaiming[] = own && isClose ? [own] : [];
  const balancing = (variance: number, effect: string) => {
    // The outputs' mean square is to be at most 1.
    const outputVariance = 1 / Math.max(1, passage(field, variance, depth).square);
    schemes.push(
      kaiming(variance, outputVariance, `with which a gradient ${effect} through ${depth} layers of ${name}`),
    );
  };
  if (balanced !== undefined) {
    const isSteep = keeping !== undefined && balanced > MAX_RATIO * MAX_RATIO * keeping;
    if (isSteep) balancing(leastSteep(field, keeping, balanced, depth), 'falls no more than tenfold');
    balancing(balanced, 'keeps its length');
  }
  if (own) schemes.push(own);
  if (schemes.length === 0) return [];
  const plain = kaiming(1, 1, 'whose rows and columns are at right angles');
  return [...distinctGains(schemes), orthogonal(schemes[0]), orthogonal(plain), lsuv];
}

/** Schemes without those whose gain is within a twentieth of that of one before. */
const distinctGains = (schemes: readonly Kaiming[]) =>
  schemes.filter(({ gain }, i) => schemes.slice(0, i).every((other) => Math.abs(gain / other.gain - 1) > 0.05));

/** The weight variance, at least the mean of two, with which the gradient falls by MAX_FIXED_POWERS at most. */
function leastSteep(field: MeanField, keeping: number, balanced: number, depth: number): number {
  const between = Math.sqrt(keeping * balanced);
  const powersAbove = (variance: number) => passage(field, variance, depth).gradient + MAX_FIXED_POWERS;
  return powersAbove(between) >= 0 ? between : bisect(powersAbove, between, balanced);
}

/**
 * What `depth` layers make of inputs of mean square 1: the powers of ten by which the gradient's mean square grows from the last
 * layer back to the first, and the mean square of the last activations.
 */
function passage(
  { momentsAt }: MeanField,
  weightVariance: number,
  depth: number,
): { gradient: number; square: number } {
  let [q, gradient] = [weightVariance, 0];
  for (let l = 1; l < depth; l++) {
    const { square, slopeSquare } = momentsAt(q);
    gradient += log10(weightVariance * slopeSquare);
    // Beyond, the signal has left float32.
    q = Math.min(Math.max(weightVariance * square, 1e-30), 1e30);
  }
  return { gradient, square: momentsAt(q).square };
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
  const powersAt = (power: number) => passage(field, varianceAt(power), depth).gradient;
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
