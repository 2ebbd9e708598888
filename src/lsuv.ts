// Layer-sequential unit-variance initialisation (Mishkin and Matas 2016, "All you need is a good init"): orthogonal
// weights, then layer by layer divided by the standard deviation of what they make of a batch.

import { number, options, what, whole } from './argument.js';
import { init } from './init.js';
import { isModel, type Model, planned, rowsIn } from './model.js';
import { type Generator, generatorOf, random, type Seed } from './random.js';

/** What became of a layer with weights. */
export interface Rescaled {
  /** Its place in the model. */
  layer: number;
  /** The variance of what it makes before its activation, over the whole batch. */
  variance: number;
  /** How often it was rescaled. */
  rounds: number;
}

/** Mean square about the mean, in binary64. */
function variance(x: Float32Array): number {
  let mean = 0;
  for (const v of x) mean += v;
  mean /= x.length;
  let sum = 0;
  for (const v of x) sum += (v - mean) * (v - mean);
  return sum / x.length;
}

/**
 * Makes the weights of a model's layers anew: orthogonal, then each divided by the standard deviation of its outputs
 * on the batch x until their variance is within `tolerance` (0.1) of 1, at most `rounds` (10) times. Biases stay.
 * RangeError for a batch that a layer makes nothing of: variance 0, or not finite.
 */
export function lsuv(
  model: Model,
  x: Float32Array,
  given?: { rng?: Generator; seed?: Seed; tolerance?: number; rounds?: number },
): Rescaled[] {
  const where = 'nn.lsuv';
  if (!isModel(model)) throw new TypeError(`${where}: model is ${what(model)}; pass one made by nn.sequential`);
  const o = options(where, given, ['rng', 'seed', 'tolerance', 'rounds']);
  const rows = rowsIn(where, x, model.inputs);
  if (rows === 0) throw new RangeError(`${where}: x has no rows; pass a batch, some hundred rows`);
  const tolerance = number(where, 'tolerance', o.tolerance ?? 0.1, { least: 0, open: true });
  const most = whole(where, 'rounds', o.rounds ?? 10, { least: 1 });
  generatorOf(where, o);
  const rng = o.rng ?? random.philox(o.seed); // one for all layers: each has a draw of its own
  const p = planned(model, rows);
  p.x.set(x);
  return model.layers.flatMap((layer, i): Rescaled[] => {
    const { forward, preactivation } = p.passes[i];
    const { weight } = layer.parameters;
    if (preactivation === undefined) {
      forward(rows);
      return [];
    }
    init.orthogonal(weight, { rng });
    const measured = () => {
      const found = variance(preactivation(rows).subarray(0, rows * layer.outputs!));
      if (!(found > 0 && found < Infinity)) {
        throw new RangeError(`${where}: layer ${i} makes values of variance ${found} of x; pass rows that differ`);
      }
      return found;
    };
    let now = measured();
    let rounds = 0;
    for (; Math.abs(now - 1) >= tolerance && rounds < most; rounds++) {
      const scale = 1 / Math.sqrt(now);
      weight.data.forEach((w, k) => {
        weight.data[k] = w * scale;
      });
      now = measured();
    }
    forward(rows);
    return [{ layer: i, variance: now, rounds }];
  });
}
