// Draws a model's weights by a scheme.

import { init } from '../init/index.js';
import { lsuv } from '../nn/lsuv.js';
import type { Model } from '../nn/model.js';
import type { Generator } from '../random/generator.js';
import type { Scheme } from './scheme.js';
import { isUnusualScale } from './thresholds.js';

/** What the weights are drawn for: the inputs' mean square, and a batch for lsuv. */
export interface Inputs {
  meanSquare: number;
  x?: Float32Array | undefined;
}

/** Draws the weights of all linear layers and sets their biases to 0. Where it fails the model stays as it was. */
export function drawWeights(model: Model, scheme: Scheme, rng: Generator, { meanSquare, x }: Inputs): void {
  const restore = savedParameters(model);
  const linear = model.layers.filter(({ kind }) => kind === 'linear');
  try {
    for (const { parameters } of linear) parameters.bias?.data.fill(0);
    if (scheme.initialiser === 'lsuv') lsuv(model, x!, { rng });
    else
      linear.forEach(({ parameters: { weight } }, i) => {
        // The first layer makes up for the scale of the data; the last has no activation after it.
        const scale = i === 0 && isUnusualScale(meanSquare) ? 1 / Math.sqrt(meanSquare) : 1;
        // Columns at right angles, in a layer with more outputs than inputs, spread the signal over more units.
        const [outputs, inputs] = weight.shape;
        const spread = scheme.initialiser === 'orthogonal' ? Math.sqrt(Math.max(1, outputs / inputs)) : 1;
        const gain = scale * spread * (i === linear.length - 1 ? scheme.outputGain : scheme.gain);
        init[scheme.initialiser](weight, { rng, gain });
      });
  } catch (error) {
    restore();
    throw error;
  }
}

/** Keeps a model's parameters. The function that is returned puts them back. */
export function savedParameters(model: Model): () => void {
  const tensors = Object.values(model.parameters);
  const saved = tensors.map(({ data }) => data.slice());
  return () => tensors.forEach(({ data }, i) => data.set(saved[i]));
}
