// The faults of a network that the statistics of its layers show, whatever measured them: each function looks for one fault in
// the hidden layers and returns a finding, or undefined. The output layer is not judged: zeros there are a good start, and its
// gradient is of another kind.
// The thresholds are in thresholds.ts.

import { defaultNumbers, flat, LONG_UPDATE, type Measured, type MeasuredLayer } from '../nn/statistics.js';
import { log10 } from './logarithm.js';
import {
  DEAD,
  levelOf,
  MAX_OUTPUT_POWERS,
  MAX_POWERS,
  MAX_SHIFT,
  MAX_UPDATE,
  MIN_UPDATE,
  SATURATED,
  upperLimit,
} from './thresholds.js';

export type Code =
  | 'vanishing'
  | 'exploding'
  | 'dead'
  | 'saturated'
  | 'symmetric'
  | 'nonFinite'
  | 'data'
  | 'learningRate'
  | 'initialisation'
  | 'stuck';

export interface Finding {
  code: Code;
  level: 'warning' | 'error';
  /** Its index in model.layers, and its name if it has one: where it begins, or where it is worst. */
  layer: number;
  name?: string;
  /** The measured figures, and the limit. */
  figures: Record<string, number>;
  /** A sentence. */
  message: string;
  /** Where it comes from, if that decides what to do: the data, a parameter, the layers' outputs, the loss, the learning rate. */
  cause?: 'input' | 'parameter' | 'signal' | 'loss' | 'rate';
}

/** Whether layers of a kind are linear in their inputs, by weights: fully connected ones, and convolutions. */
export const isLinear = (kind: string) => /^(linear|conv([123]d)?)$/.test(kind);

/** The statistics of the linear layers, without their activations: the last is the output layer. */
export const linearLayers = ({ layers }: Measured) => layers.filter(({ kind }) => isLinear(kind));

/** The activation of a layer's outputs, with the numbers of its kernel. */
export function activationIn({ kind, saturated, activation, numbers }: MeasuredLayer) {
  const name = activation ?? (saturated === undefined ? undefined : kind);
  return name === undefined ? undefined : { name, numbers: numbers ?? defaultNumbers(name) };
}

/** Where a finding is. */
const at = ({ layer, name }: MeasuredLayer) => ({ layer, ...(name !== undefined && { name }) });
/** The same in a sentence. */
const label = ({ layer, name }: MeasuredLayer) => `layer ${name ?? layer}`;

/** Everything that is wrong. What only follows from another finding is left out. */
export function findings(probe: Measured): Finding[] {
  const hidden = linearLayers(probe).slice(0, -1);
  // Symmetric layers come first: the signals of a layer of equal units say little.
  const isSymmetric = hidden.some(({ weight }) => weight?.symmetric);
  const found = [nonFinite(probe), symmetric(hidden), ...(isSymmetric ? [] : signals(probe))];
  return found.filter((finding) => finding !== undefined);
}

/**
 * The findings on the signals. Dead layers let no gradient through, and saturated ones shrink it, so that with them a
 * finding on the gradient would say the same again.
 */
function signals(probe: Measured): (Finding | undefined)[] {
  const { input } = probe;
  if (input?.meanSquare === 0 && input.nonFinite === 0) return [zeroInputs(probe)];
  const shifted = shiftedInputs(probe);
  if (shifted) return [shifted];
  const [deadUnits, flatUnits] = [dead(probe), saturated(probe)];
  if (deadUnits?.figures.share === 1) return [deadUnits, flatUnits];
  const linear = linearLayers(probe);
  const changes = changeFindings(linear.slice(0, -1), flatUnits !== undefined);
  const rest = changes.length > 0 || flatUnits ? changes : [outputScale(linear[linear.length - 1])];
  const found = [deadUnits, flatUnits, ...rest];
  return found.some(Boolean) ? found : [stepLength(linear.slice(0, -1))];
}

/** Steps that are longer than the weights, or so short that they change nothing in a thousand. The output layer may take longer ones. */
function stepLength(hidden: MeasuredLayer[]): Finding | undefined {
  const updates = hidden.flatMap((layer) =>
    layer.weight?.update === undefined ? [] : [{ layer, update: layer.weight.update }],
  );
  if (updates.length === 0) return undefined;
  const { layer, update } = updates.reduce((a, b) => (b.update > a.update ? b : a));
  const isLong = update > MAX_UPDATE;
  if (!isLong && (update === 0 || update >= MIN_UPDATE)) return undefined;
  return {
    code: 'learningRate',
    level: update > 10 * MAX_UPDATE ? 'error' : 'warning',
    ...at(layer),
    figures: { update, limit: isLong ? MAX_UPDATE : MIN_UPDATE },
    message: isLong
      ? `A step changes the weights of ${label(layer)} by ${threeDigits(update)} times their length: the learning rate is too large.`
      : `No step of a hidden layer is longer than ${threeDigits(update)} times its weights: the learning rate is too small.`,
    cause: 'rate',
  };
}

const zeroInputs = ({ layers }: Measured): Finding => ({
  code: 'dead',
  level: 'error',
  ...at(layers[0]),
  figures: { share: 1, limit: 1 },
  message: 'All inputs are 0: there is nothing to learn from.',
  cause: 'input',
});

/**
 * Inputs far from 0, beside how much they vary. What layers make of them is mostly the mean, so that what else is found follows
 * from it; new weights do not heal it.
 */
function shiftedInputs({ input, layers }: Measured): Finding | undefined {
  if (!input || input.nonFinite > 0 || input.variance === 0) return undefined;
  const [mean, std] = [fourDigits(input.mean), Math.sqrt(input.variance)];
  const ratio = fourDigits(Math.abs(input.mean) / std);
  if (ratio <= MAX_SHIFT) return undefined;
  return {
    code: 'data',
    level: ratio > 3 * MAX_SHIFT ? 'error' : 'warning',
    ...at(layers[0]),
    figures: { mean, std: fourDigits(std), ratio, limit: MAX_SHIFT },
    message: `The inputs have a mean of ${threeDigits(input.mean)} and a standard deviation of ${threeDigits(std)}: all rows look alike, and a step for what differs is drowned by one for what does not.`,
    cause: 'input',
  };
}

/** A number in a sentence. */
const threeDigits = (x: number) => String(Number(x.toPrecision(3)));

const fourDigits = (x: number) => Math.round(1e4 * x) / 1e4;

/** The outputs by themselves: for networks without hidden layers to compare, and for data of an unusual scale. */
function outputScale(output: MeasuredLayer | undefined): Finding | undefined {
  if (output === undefined || output.nonFinite > 0 || output.weight?.norm === 0) return undefined;
  const powers = log10(output.meanSquare);
  if (Math.abs(powers) <= MAX_OUTPUT_POWERS) return undefined;
  const effect = powers > 0 ? 'the loss and its gradient are far too large' : 'nothing of the input is left in it';
  return {
    code: powers > 0 ? 'exploding' : 'vanishing',
    level: 'error',
    ...at(output),
    figures: { signal: fourDigits(powers), limit: MAX_OUTPUT_POWERS },
    message: `What ${label(output)} makes has a mean square of 10^${powers.toFixed(1)}: ${effect}.`,
  };
}

export const percent = (share: number) =>
  share > 0 && share < 0.005 ? 'Less than 1 %' : `${Math.round(100 * share)} %`;

/** NaN or infinite values, by their first cause: the data, a parameter, what layers make of them, or the loss alone. */
function nonFinite(probe: Measured): Finding | undefined {
  const { input, layers, loss, step } = probe;
  const finding = (cause: Finding['cause'], layer: MeasuredLayer, share: number, message: string): Finding => ({
    code: 'nonFinite',
    level: 'error',
    ...at(layer),
    figures: { share },
    message: step === undefined ? message : `Step ${step}: ${message}`,
    cause,
  });
  if (input && input.nonFinite > 0)
    return finding(
      'input',
      layers[0],
      input.nonFinite,
      `${percent(input.nonFinite)} of the inputs are NaN or infinite, and so is whatever they touch.`,
    );
  const [parameter] = layers.flatMap((layer) =>
    Object.entries(layer.broken ?? {}).map(([name, share]) => ({ layer, name, share })),
  );
  if (parameter)
    return finding(
      'parameter',
      parameter.layer,
      parameter.share,
      `${percent(parameter.share)} of ${parameter.name} of ${label(parameter.layer)} are NaN or infinite: a step was so long that it left the range of numbers.${longStep(probe)}`,
    );
  const signal = layers.find((layer) => layer.nonFinite > 0);
  if (signal)
    return finding(
      'signal',
      signal,
      signal.nonFinite,
      `From ${label(signal)} on values are NaN or infinite: they grew from layer to layer beyond what float32 holds.${longStep(probe)}`,
    );
  const gradient = layers.findLast((layer) => layer.gradient && layer.gradient.nonFinite > 0)?.gradient;
  if (loss !== null && !gradient) return undefined;
  return finding(
    'loss',
    layers[layers.length - 1],
    gradient?.nonFinite ?? 1,
    'The loss or its gradient is NaN or infinite, though all that the layers make is finite.',
  );
}

/** How many times too long a step of the training was; undefined if none is known to be. */
export const timesTooLong = ({ longest }: Measured) =>
  longest && longest.update > LONG_UPDATE ? Number((longest.update / LONG_UPDATE).toPrecision(2)) : undefined;

/** What is known of a step before that was too long. */
function longStep(probe: Measured): string {
  const times = timesTooLong(probe);
  if (times === undefined) return '';
  const { step, update } = probe.longest!;
  return ` Step ${step} changed weights by ${threeDigits(update)} times their length: it was ${times} times too long.`;
}

/** Rows of W that are equal to the bit: with equal biases their units stay equal for ever. */
function symmetric(hidden: MeasuredLayer[]): Finding | undefined {
  const equal = hidden.filter(({ weight }) => weight?.symmetric);
  if (equal.length === 0) return undefined;
  const first = equal.find((layer) => layer.weight?.symmetricBias) ?? equal[0];
  const { units, weight } = first;
  const effect = weight!.symmetricBias
    ? 'they compute the same, get the same gradient and stay one unit for ever'
    : 'only their biases tell them apart, and learning begins slowly';
  return {
    code: 'symmetric',
    level: weight!.symmetricBias ? 'error' : 'warning',
    ...at(first),
    figures: { units, layers: equal.length },
    message: `All ${units} units of ${label(first)} have the same weights: ${effect}.`,
  };
}

/** The activations before the last linear layer, with where their functions are flat. Outputs may well be saturated. */
function hiddenActivations({ layers }: Measured) {
  const last = layers.findLastIndex(({ kind }) => isLinear(kind));
  return layers.slice(0, Math.max(0, last)).flatMap((statistics) => {
    const activation = activationIn(statistics);
    return activation && statistics.saturated !== undefined
      ? [{ statistics, saturated: statistics.saturated, ...flat(activation.name, activation.numbers) }]
      : [];
  });
}

/** Units of activations such as relu that are 0 for every row. */
function dead(probe: Measured): Finding | undefined {
  // Of rows in which dropout made zeros a unit may see nothing that it answers to.
  if (probe.dropped) return undefined;
  const limitOf = (units: number) => upperLimit(DEAD, 0.5, units);
  const affected = hiddenActivations(probe)
    .filter(({ silent, statistics: { dead, units } }) => silent && (dead === 1 || dead > limitOf(units)))
    .map(({ statistics }) => statistics);
  if (affected.length === 0) return undefined;
  const worst = affected.reduce((a, b) => (b.dead > a.dead ? b : a));
  const { dead: share, units } = worst;
  const rest = share === 1 ? ' Nothing comes through: no layer before it can learn.' : '';
  return {
    code: 'dead',
    level: share > 0.9 ? 'error' : 'warning',
    ...at(worst),
    figures: { share, limit: Math.min(1, limitOf(units)), layers: affected.length },
    message: `${percent(share)} of the ${units} units of ${label(worst)} (${worst.activation ?? worst.kind}) are 0 for every row: they get no gradient and cannot come back by themselves.${rest}`,
  };
}

/** Values where the activation is flat, in layers that are not dead. */
function saturated(probe: Measured): Finding | undefined {
  const affected = hiddenActivations(probe)
    .filter(({ silent, statistics }) => !(silent && statistics.dead > DEAD))
    .map(({ statistics, saturated: share, usual }) => {
      const limit = upperLimit(usual + SATURATED * (1 - usual), usual, statistics.units);
      return { statistics, share, usual, limit, excess: share - limit };
    })
    .filter(({ excess }) => excess > 0);
  if (affected.length === 0) return undefined;
  const { statistics, share, usual, limit } = affected.reduce((a, b) => (b.excess > a.excess ? b : a));
  return {
    code: 'saturated',
    level: share > 0.75 + 0.25 * usual ? 'error' : 'warning',
    ...at(statistics),
    figures: { share, limit, layers: affected.length },
    message: `${percent(share)} of what ${label(statistics)} (${statistics.activation ?? statistics.kind}) makes is where it is flat: there a change of the input changes nothing, and next to no gradient comes back.`,
  };
}

/** The powers of ten from one mean square to another; 0 where one is missing or both are 0. */
function powersBetween(from: number | undefined, to: number | undefined): number {
  if (from === undefined || to === undefined || (from === 0 && to === 0)) return 0;
  return fourDigits(log10(to) - log10(from));
}

/** The powers of ten by which the signal and the gradient change over the hidden layers, from `first` to `last`. */
interface Changes {
  signal: number;
  gradient: number;
  first: MeasuredLayer;
  last: MeasuredLayer;
  layers: number;
}

/** The finding that the gradient, on its way back, or the signal falls or grows too much. */
function changeFinding(
  changes: Changes,
  code: 'vanishing' | 'exploding',
  quantity: 'gradient' | 'signal',
  effect: string,
): Finding {
  const { signal, gradient, first, last, layers } = changes;
  const powers = changes[quantity];
  const path =
    quantity === 'gradient' ? `From ${label(last)} back to ${label(first)}` : `From ${label(first)} to ${label(last)}`;
  // Below 10^-45 float32 has no number.
  const share = powers > -45 ? `10^${powers.toFixed(1)} of what it was` : 'nothing that float32 has';
  const change = code === 'vanishing' ? `falls to ${share}` : `grows 10^${powers.toFixed(1)} times`;
  return {
    code,
    level: levelOf(powers),
    ...at(quantity === 'gradient' ? first : last),
    message: `${path} the ${quantity}'s mean square ${change}: ${effect}.`,
    figures: { gradient, signal, limit: MAX_POWERS, layers },
  };
}

/**
 * The mean square of the gradient by a unit. A weight's gradient sums over the positions of a convolution, so that the squares
 * of these add up.
 */
const gradientSquare = ({ gradient, positions }: MeasuredLayer) =>
  gradient?.nonFinite === 0 ? gradient.meanSquare * (positions ?? 1) : undefined;

/** How the signal changes from the first hidden layer to the last, and the gradient on its way back. */
function changeFindings(hidden: MeasuredLayer[], isSaturated: boolean): Finding[] {
  if (hidden.length < 2) return [];
  const outputs = hidden.filter(({ nonFinite }) => nonFinite === 0);
  const gradients = hidden.map(gradientSquare).filter((square) => square !== undefined);
  const signal = powersBetween(outputs[0]?.meanSquare, outputs[outputs.length - 1]?.meanSquare);
  const gradient = powersBetween(gradients[gradients.length - 1], gradients[0]);
  const [first, last] = [hidden[0], hidden[hidden.length - 1]];
  const changes = { signal, gradient, first, last, layers: hidden.length };
  const found: Finding[] = [];
  if (gradient < -MAX_POWERS)
    found.push(changeFinding(changes, 'vanishing', 'gradient', 'the first layers hardly learn'));
  else if (signal < -MAX_POWERS && !isSaturated)
    found.push(changeFinding(changes, 'vanishing', 'signal', 'the last layers see next to nothing of the input'));
  if (gradient > MAX_POWERS)
    found.push(
      changeFinding(changes, 'exploding', 'gradient', 'a step that suits the last layers throws the first ones about'),
    );
  else if (signal > MAX_POWERS)
    found.push(
      changeFinding(changes, 'exploding', 'signal', 'the outputs, and with them loss and gradients, are far too large'),
    );
  return found;
}
