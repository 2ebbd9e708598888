// Which weights carry a signal and its gradient through a model's layers: an initialiser and a gain, from theory.

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
const kaiming = (weightVariance: number, reason: string): Scheme => ({
  initialiser: 'kaimingNormal',
  gain: Number(Math.sqrt(weightVariance).toPrecision(8)),
  reason,
});

/** The scheme for a model of so many hidden layers; undefined where no scale of the weights carries a signal so far. */
export function schemeOf(model: Model, depth: number): Scheme | undefined {
  const { operations } = planFor(model, 1);
  const used = operations.flatMap(({ activation }) => activation ?? []);
  const unknown = operations.some(({ kind, activation }) => !activation && kind !== 'linear' && kind !== 'dropout');
  const distinct = new Map(used.map((activation) => [`${activation.name} ${activation.numbers}`, activation]));
  // Theory is of one activation.
  if (unknown || distinct.size > 1) return lsuv;
  const [activation] = distinct.values();
  if (activation === undefined) return kaiming(1, 'which keeps what a linear layer gets');
  const row: Row = activations[activation.name as Activation];
  const field = meanField('diagnose.verdicts', (x) => row.formula(x, ...activation.numbers));
  return schemeOfActivation(activation.name, field, depth);
}

/** In this order: the forward gain, the edge of chaos, a gain between them, lsuv. */
function schemeOfActivation(name: string, field: MeanField, depth: number): Scheme | undefined {
  const { square, slopeSquare, growth } = field.momentsAt(1);
  if (square === 0 || slopeSquare === 0) return undefined; // it lets nothing through
  const keeping = 1 / square; // keeps the signal's mean square at 1
  const unstable = growth / square > 1 && depth * log10(growth / square) > 1;
  const powers = gradientPowers(field, keeping, depth);
  if (Math.abs(powers) <= MAX_FIXED_POWERS && !unstable)
    return kaiming(keeping, `${name}'s: it keeps the signal's mean square`);
  const edge = edgeOfChaos(field, 0);
  if (edge !== null && edge.meanSquare <= 4) {
    const edgePowers = gradientPowers(field, edge.weightVariance, depth);
    if (Math.abs(edgePowers) <= MAX_FIXED_POWERS)
      return kaiming(edge.weightVariance, `at the edge of chaos of ${name}, where gradients pass ${depth} layers`);
    if (edgePowers < 0 !== powers < 0) {
      const between = gradientKeeping(field, edge.weightVariance, keeping, depth);
      return kaiming(between, `with which a gradient is as long behind ${depth} layers of ${name} as before`);
    }
  }
  // lsuv makes every layer's mean square 1, so that chi is this quotient in each.
  return Math.abs((depth - 1) * log10(slopeSquare / square)) <= MAX_FIXED_POWERS ? lsuv : undefined;
}

/** Powers of ten by which the gradient's mean square grows through so many layers, for inputs of mean square 1. */
function gradientPowers({ momentsAt }: MeanField, weightVariance: number, depth: number): number {
  let [q, powers] = [weightVariance, 0];
  for (let l = 1; l < depth; l++) {
    powers += log10(weightVariance * momentsAt(q).slopeSquare);
    q = weightVariance * momentsAt(q).square;
  }
  return powers;
}

/** The weight variance between two at which the gradient neither falls nor grows, by bisection. */
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
