// The mean square of the signal and of its gradient through a network of given widths, layer by layer, and how far
// networks of these widths stray from it.

import { rounded } from '../activation/gain.js';
import { exp, ln } from './logarithm.js';
import type { MeanField } from './mean-field.js';

/** What is expected of a layer with weights and of the activation after it. */
export interface TheoryLayer {
  /** From 0, counting layers with weights. */
  layer: number;
  inputs: number;
  outputs: number;
  /** fanIn Var(w). */
  weightVariance: number;
  /** The mean square q of the layer's output, before the activation and after it. */
  preactivation: number;
  activation: number;
  /** The factor by which a gradient's mean square grows through a layer of such weights, at this q. */
  chi: number;
  /** The factor by which a small difference of q grows. */
  slope: number;
  /** The mean square of the gradient of the pre-activation, relative to the last layer's. */
  gradient: number;
  /** log10 of both: in a deep network they may be too small for a number. -1e6 for 0. */
  log10: { preactivation: number; gradient: number };
  /** The ranges in which both lie in 19 of 20 networks of these widths: two standard deviations of a log-normal. */
  band: { preactivation: [low: number, high: number]; gradient: [low: number, high: number] };
  /** Whether a mean square or its root is no normal number of float32: below 1.2e-38 or above 3.4e38. */
  underflow: boolean;
}

/** What a network is made of: the widths from input to output, V of each layer, B, and the data's mean square. */
export interface Network {
  widths: readonly number[];
  weightVariances: readonly number[];
  biasVariance: number;
  meanSquare: number;
}

/** Every layer's expectation: the signal from the first layer to the last, then the gradient back. */
export function propagate(field: MeanField, network: Network): TheoryLayer[] {
  const layers = forward(field, network);
  backward(field, network, layers);
  return layers;
}

function forward({ momentsAt }: MeanField, network: Network): TheoryLayer[] {
  const { widths, weightVariances, biasVariance } = network;
  const layers: TheoryLayer[] = [];
  let input = network.meanSquare;
  let logInput = input > 0 ? ln(input) : -Infinity;
  // The relative variance of the input's mean square over networks of these widths.
  let variance = 0;
  weightVariances.forEach((v, l) => {
    const outputs = widths[l + 1];
    const q = Math.min(v * input + biasVariance, 1e300);
    // A mean square too small or too large for a number goes on as its logarithm.
    const fits = q > 1e-280 && q < 1e280;
    const logQ = fits ? ln(q) : v > 0 ? ln(v) + logInput : -Infinity;
    const moments = momentsAt(q);
    // The variance that q has from its inputs; a mean over the layer's units adds its own, 2 / n for squares of
    // normals.
    const inherited = q > 0 ? ((v * input) / q) ** 2 * variance : 0;
    layers.push({
      layer: l,
      inputs: widths[l],
      outputs,
      weightVariance: rounded(v),
      preactivation: rounded(q),
      activation: rounded(moments.square),
      chi: rounded(v * moments.slopeSquare),
      slope: rounded(v * moments.growth),
      gradient: 1,
      log10: { preactivation: toLog10(logQ), gradient: 0 },
      band: { preactivation: band(logQ, (1 + inherited) * (1 + 2 / outputs) - 1), gradient: [1, 1] },
      underflow: false,
    });
    const elasticity = moments.square > 0 ? (moments.growth * q) / moments.square : 1;
    const sampling = Math.max(0, moments.kurtosis - 1) / outputs;
    variance = Math.min((1 + elasticity * elasticity * inherited) * (1 + sampling) - 1, 1e300);
    logInput = fits ? ln(moments.square) : logQ + ln(moments.slopeSquare);
    input = moments.square;
  });
  return layers;
}

function backward({ momentsAt }: MeanField, { weightVariances }: Network, layers: TheoryLayer[]): void {
  let [log, variance] = [0, 0];
  for (let l = layers.length - 1; l >= 0; l--) {
    const layer = layers[l];
    if (l < layers.length - 1) {
      const next = layers[l + 1];
      const { slopeSquare, slopeKurtosis } = momentsAt(layer.preactivation);
      // Backward a layer sums over its outputs: fanOut Var(w) = V fanOut / fanIn.
      const factor = (slopeSquare * weightVariances[l + 1] * next.outputs) / next.inputs;
      log += factor > 0 ? ln(factor) : -Infinity;
      // 3 is the kurtosis of a normal, which the weights make of the gradient.
      variance = (1 + variance) * (1 + Math.max(0, 3 * slopeKurtosis - 1) / layer.outputs) - 1;
    }
    layer.gradient = finite(exp(log));
    layer.log10.gradient = toLog10(log);
    layer.band.gradient = band(log, variance);
    // An array holds the root of a mean square.
    layer.underflow = Object.values(layer.log10).some((x) => x < 2 * LOG10_MIN || x > 2 * LOG10_MAX);
  }
}

/** log10 of the least and the largest normal number of float32. */
const [LOG10_MIN, LOG10_MAX] = [-37.93, 38.53];

// JSON has no infinity, so that results are finite.
const finite = (x: number) => rounded(Math.min(x, 1e308));
/** log10 of a number, from its natural logarithm. */
const toLog10 = (log: number) => rounded(Math.min(Math.max(log / Math.LN10, -1e6), 1e6));

/** Two standard deviations on both sides of a log-normal, from its mean's logarithm and its relative variance. */
function band(logMean: number, relativeVariance: number): [low: number, high: number] {
  const variance = ln(1 + Math.min(relativeVariance, 1e300));
  const reach = 2 * Math.sqrt(variance);
  return [finite(exp(logMean - variance / 2 - reach)), finite(exp(logMean - variance / 2 + reach))];
}
