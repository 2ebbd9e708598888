// Layer-sequential unit-variance initialisation (Mishkin and Matas 2016, "All you need is a good init"): weights are orthogonal,
// then, layer by layer, divided by the standard deviation of the layer's outputs on a batch.

import { number, options, whole } from '../check.js';
import { orthogonal } from '../init/structured.js';
import { type Generator, generatorFrom } from '../random/generator.js';
import type { Seed } from '../random/source.js';
import { eachBatch, type Model, planFor, requireIdle, requireModel, rowsIn } from './model.js';

/** The result for a layer with weights. */
export interface Rescaled {
  /** Its index in the model. */
  layer: number;
  /** The variance of its outputs before bias and activation, over the whole batch. */
  variance: number;
  /** How many times its weights were divided. */
  rounds: number;
}

/**
 * Initialises the weights of a model's layers: each weight is orthogonal, then divided by the standard deviation of its outputs
 * (before bias and activation) on the batch x, until their variance is within `tolerance` (0.1) of 1, at most `rounds` (10)
 * times. Biases do not change. RangeError if the variance of a layer's outputs is 0 or not finite; the model is then
 * unchanged.
 */
export function lsuv(
  model: Model,
  x: Float32Array,
  given?: {
    rng?: Generator | undefined;
    seed?: Seed | undefined;
    tolerance?: number | undefined;
    rounds?: number | undefined;
  },
): Rescaled[] {
  const where = 'nn.lsuv';
  requireModel(where, model);
  requireIdle(where, model);
  const o = options(where, given, ['rng', 'seed', 'tolerance', 'rounds']);
  const rows = rowsIn(where, x, model.inputs);
  const wrong = x.findIndex((v) => !Number.isFinite(v));
  if (wrong >= 0) throw new RangeError(`${where}: x[${wrong}] is ${x[wrong]}; pass a batch of finite numbers`);
  if (rows === 0) throw new RangeError(`${where}: x has no rows; pass a batch of a few hundred rows`);
  const tolerance = number(where, 'tolerance', o.tolerance ?? 0.1, { least: 0, open: true });
  const maxRounds = whole(where, 'rounds', o.rounds ?? 10, { least: 1 });
  const rng = generatorFrom(where, o); // one generator for all layers, a draw for each
  const before = Object.values(model.parameters).map(({ data }) => data.slice());
  try {
    return model.layers.flatMap((layer, i): Rescaled[] => {
      const { weight, bias } = layer.parameters;
      if (planFor(where, model).passes[i].preactivation === undefined) return [];
      orthogonal(weight, { rng });
      for (let rounds = 0; ; rounds++) {
        const current = variance(where, model, i, x, rows, bias?.data);
        if (!(current > 0 && current < Infinity))
          throw new RangeError(`${where}: layer ${i} makes values of variance ${current} of x; pass rows that differ`);
        if (Math.abs(current - 1) < tolerance || rounds === maxRounds) return [{ layer: i, variance: current, rounds }];
        const scale = 1 / Math.sqrt(current);
        weight.data.forEach((w, k) => {
          weight.data[k] = w * scale;
        });
      }
    });
  } catch (error) {
    Object.values(model.parameters).forEach(({ data }, k) => data.set(before[k]));
    throw error;
  }
}

/** The variance of layer i's outputs before bias and activation, computed in batches and in binary64. */
function variance(where: string, model: Model, i: number, x: Float32Array, rows: number, bias?: Float32Array): number {
  const { outputs = 0 } = model.layers[i];
  const sums = [0, 0];
  eachBatch(where, model, x, rows, ({ passes }, _, count) => {
    for (let k = 0; k < i; k++) passes[k].forward(count);
    const z = passes[i].preactivation!(count);
    for (let at = 0; at < count * outputs; at++) {
      const value = z[at] - (bias?.[at % outputs] ?? 0);
      sums[0] += value;
      sums[1] += value * value;
    }
  });
  const mean = sums[0] / (rows * outputs);
  return sums[1] / (rows * outputs) - mean * mean;
}
