// The expected mean squares of the signal and of the gradient in each layer of a network of given widths, and how far
// random networks of these widths deviate from them.

import { rounded } from '../activation/gain.js';
import { exp, ln } from './logarithm.js';
import type { ActivationMoments, MeanField } from './mean-field.js';

/** The theory's expectations for a layer with weights and the activation after it. */
export interface TheoryLayer {
  /** The layer's index among the layers with weights, from 0. */
  layer: number;
  inputs: number;
  outputs: number;
  /** fanIn Var(w). */
  weightVariance: number;
  /** The mean square q of the layer's output, before the activation and after it. */
  preactivation: number;
  activation: number;
  /** The factor by which a gradient's mean square grows through a layer with this weightVariance, at this q. */
  chi: number;
  /** The factor by which such a layer multiplies a small difference of q. */
  slope: number;
  /** The mean square of the gradient of the pre-activation, relative to the last layer's. */
  gradient: number;
  /** The two mean squares as log10, since in a deep network they may be too small for a number. -1e6 for 0. */
  log10: { preactivation: number; gradient: number };
  /** The ranges of the two mean squares in 19 of 20 networks of these widths: two standard deviations of a log-normal. */
  band: { preactivation: [low: number, high: number]; gradient: [low: number, high: number] };
  /** Whether the root of one of the two mean squares is no normal number of float32: below 1.2e-38 or above 3.4e38. */
  underflow: boolean;
}

/** A network with random weights, as the theory sees it. */
export interface Network {
  /** From the input to the output. */
  widths: readonly number[];
  /** V = fanIn Var(w) of each layer. */
  weightVariances: readonly number[];
  /** B = Var(b). */
  biasVariance: number;
  /** The mean square of the data. */
  meanSquare: number;
}

/** The expectations for all layers: first for the signal, from the first layer to the last, then for the gradient back. */
export function propagate(field: MeanField, network: Network): TheoryLayer[] {
  const moments: ActivationMoments[] = [];
  const layers = forward(field, network, moments);
  backward(moments, network, layers);
  return layers;
}

/**
 * The layers with the expectations for the signal; those for the gradient are not known yet. Adds the moments of each
 * layer's activation to `saved`.
 */
function forward({ momentsAt }: MeanField, network: Network, saved: ActivationMoments[]): TheoryLayer[] {
  const { widths, weightVariances, biasVariance } = network;
  const layers: TheoryLayer[] = [];
  let input = network.meanSquare;
  let logInput = input > 0 ? ln(input) : -Infinity;
  // The relative variance of the input's mean square over networks of these widths.
  let variance = 0;
  weightVariances.forEach((v, l) => {
    const outputs = widths[l + 1];
    const q = Math.min(v * input + biasVariance, 1e300);
    // The logarithm stays exact where q is too small or too large for a number.
    const fits = q > 1e-280 && q < 1e280;
    const logQ = fits ? ln(q) : v > 0 ? ln(v) + logInput : -Infinity;
    const moments = momentsAt(q);
    saved.push(moments);
    // The part of q's relative variance that comes from the layer's input. The mean over the layer's n units adds 2 / n,
    // the relative variance of a mean of n squares of normals.
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

/** Adds the expectations for the gradient to the layers. */
function backward(moments: ActivationMoments[], { weightVariances }: Network, layers: TheoryLayer[]): void {
  let [log, variance] = [0, 0];
  for (let l = layers.length - 1; l >= 0; l--) {
    const layer = layers[l];
    if (l < layers.length - 1) {
      const next = layers[l + 1];
      const { slopeSquare, slopeKurtosis } = moments[l];
      // On the way back a layer sums over its outputs, not its inputs: fanOut Var(w) = V fanOut / fanIn.
      const factor = (slopeSquare * weightVariances[l + 1] * next.outputs) / next.inputs;
      log += factor > 0 ? ln(factor) : -Infinity;
      // As a sum over many random weights the gradient is normal, and the kurtosis of a normal is 3.
      variance = (1 + variance) * (1 + Math.max(0, 3 * slopeKurtosis - 1) / layer.outputs) - 1;
    }
    layer.gradient = finite(exp(log));
    layer.log10.gradient = toLog10(log);
    layer.band.gradient = band(log, variance);
    // The values in an array are about as large as the root of their mean square.
    layer.underflow = Object.values(layer.log10).some((x) => x < 2 * LOG10_MIN || x > 2 * LOG10_MAX);
  }
}

/** log10 of the smallest and the largest normal number of float32. */
const [LOG10_MIN, LOG10_MAX] = [-37.93, 38.53];

/** A result, rounded and at most 1e308: JSON has no infinity. */
const finite = (x: number) => rounded(Math.min(x, 1e308));
/** log10 of a number, from its natural logarithm. */
const toLog10 = (log: number) => rounded(Math.min(Math.max(log / Math.LN10, -1e6), 1e6));

/** The range of a log-normal within two standard deviations, from the logarithm of its mean and its relative variance. */
function band(logMean: number, relativeVariance: number): [low: number, high: number] {
  const variance = ln(1 + Math.min(relativeVariance, 1e300));
  const reach = 2 * Math.sqrt(variance);
  return [finite(exp(logMean - variance / 2 - reach)), finite(exp(logMean - variance / 2 + reach))];
}
