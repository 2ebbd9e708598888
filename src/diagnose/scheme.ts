// How to draw the weights so that the signal and its gradient keep their size through a model's layers: an initialiser and
// a gain, from mean-field theory.

import type { Row } from '../activation/row.js';
import { type Activation, activations } from '../activation/table.js';
import { type Model, planFor } from '../nn/model.js';
import { log10 } from './logarithm.js';
import { edgeOfChaos, type MeanField, meanField } from './mean-field.js';
import { MAX_FIXED_POWERS } from './thresholds.js';

/** A way to draw the weights of the hidden layers. */
export type Scheme =
  | { initialiser: 'kaimingNormal'; gain: number; reason: string }
  /** Layer-sequential unit-variance initialisation, fitted to a batch. */
  | { initialiser: 'lsuv'; gain?: undefined; reason: string };

const lsuv: Scheme = { initialiser: 'lsuv', reason: 'fitted to the data, layer by layer' };
/** The gain has eight digits, which do not depend on the engine. */
const kaiming = (weightVariance: number, reason: string): Scheme => ({
  initialiser: 'kaimingNormal',
  gain: Number(Math.sqrt(weightVariance).toPrecision(8)),
  reason,
});

/** The scheme for a model with `depth` hidden layers; undefined if no scale of the weights carries a signal through them. */
export function schemeOf(model: Model, depth: number): Scheme | undefined {
  const { operations } = planFor('diagnose', model);
  const used = operations.flatMap(({ activation }) => activation ?? []);
  const unknown = operations.some(({ kind, activation }) => !activation && kind !== 'linear' && kind !== 'dropout');
  const distinct = new Map(used.map((activation) => [`${activation.name} ${activation.numbers}`, activation]));
  // The theory describes networks in which all activations are the same.
  if (unknown || distinct.size > 1) return lsuv;
  const [activation] = distinct.values();
  if (activation === undefined) return kaiming(1, 'which keeps the mean square of the signal in linear layers');
  const row: Row = activations[activation.name as Activation];
  const field = meanField('diagnose.verdicts', (x) => row.formula(x, ...activation.numbers));
  return schemeOfActivation(activation.name, field, depth);
}

/**
 * The first of these schemes with which the gradient changes little over `depth` layers: the forward gain, the edge of
 * chaos, a gain between these two, lsuv. undefined if there is none.
 */
function schemeOfActivation(name: string, field: MeanField, depth: number): Scheme | undefined {
  const { square, slopeSquare, growth } = field.momentsAt(1);
  if (square === 0 || slopeSquare === 0) return undefined; // no signal or no gradient gets through
  const keeping = 1 / square; // the weight variance that keeps the signal's mean square at 1
  // Each layer multiplies a small deviation from 1 by growth / square. It must not grow more than tenfold over all layers.
  const unstable = growth / square > 1 && depth * log10(growth / square) > 1;
  const powers = gradientPowers(field, keeping, depth);
  if (Math.abs(powers) <= MAX_FIXED_POWERS && !unstable)
    return kaiming(keeping, `${name}'s gain: it keeps the signal's mean square`);
  const edge = edgeOfChaos(field, 0);
  if (edge !== null && edge.meanSquare <= 4) {
    const edgePowers = gradientPowers(field, edge.weightVariance, depth);
    if (Math.abs(edgePowers) <= MAX_FIXED_POWERS)
      return kaiming(edge.weightVariance, `at the edge of chaos of ${name}, where gradients pass ${depth} layers`);
    // The gradient falls with one weight variance and grows with the other, so that one between them keeps it.
    if (edgePowers < 0 !== powers < 0) {
      const between = gradientKeeping(field, edge.weightVariance, keeping, depth);
      return kaiming(between, `with which a gradient keeps its length through ${depth} layers of ${name}`);
    }
  }
  // lsuv sets the mean square of every layer to 1, so that chi is slopeSquare / square in each.
  return Math.abs((depth - 1) * log10(slopeSquare / square)) <= MAX_FIXED_POWERS ? lsuv : undefined;
}

/** Powers of ten by which the gradient's mean square grows over `depth` layers, for inputs of mean square 1. */
function gradientPowers({ momentsAt }: MeanField, weightVariance: number, depth: number): number {
  let [q, powers] = [weightVariance, 0];
  for (let l = 1; l < depth; l++) {
    powers += log10(weightVariance * momentsAt(q).slopeSquare);
    q = weightVariance * momentsAt(q).square;
  }
  return powers;
}

/** The weight variance between `from` and `to` with which the gradient neither falls nor grows, by bisection. */
function gradientKeeping(field: MeanField, from: number, to: number, depth: number): number {
  const falls = gradientPowers(field, from, depth) < 0;
  let [low, high] = [from, to];
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (gradientPowers(field, middle, depth) < 0 === falls) low = middle;
    else high = middle;
  }
  return low;
}
