// The mean loss of a model over data, and its accuracy if they have labels.

import { float32, options } from '../check.js';
import { type Criterion, criterion } from './criterion.js';
import type { Data, NamedLoss } from './loss.js';
import { ratio } from './losses/reduction.js';
import { forwardInBatches, type Model, planFor, requireModel, rowsIn } from './model.js';

/** A model's data, checked: inputs, how many rows they have, and the loss on their labels or targets. */
export function examplesOf(
  where: string,
  model: Model,
  data: Data,
  loss: unknown = 'crossEntropy',
): { x: Float32Array; rows: number; criterion: Criterion } {
  requireModel(where, model);
  const o = options<{ x: Float32Array; labels: unknown; targets: unknown }>(where, data as never, [
    'x',
    'labels',
    'targets',
  ]);
  const x = float32(where, 'x', o.x);
  const rows = rowsIn(where, x, model.inputs);
  return { x, rows, criterion: criterion(where, loss, data, rows, model.outputs) };
}

/**
 * The mean loss (cross-entropy, in nats, by default) and, with labels, the accuracy: the share of rows whose largest output is at
 * their label. Ignored rows count in neither; if no row counts, both are 0.
 */
export function evaluate(
  model: Model,
  data: Extract<Data, { labels: unknown }>,
  given?: { loss?: NamedLoss | undefined },
): { loss: number; accuracy: number };
export function evaluate(
  model: Model,
  data: Data,
  given?: { loss?: NamedLoss | undefined },
): { loss: number; accuracy?: number | undefined };
export function evaluate(
  model: Model,
  data: Data,
  given?: { loss?: NamedLoss | undefined },
): { loss: number; accuracy?: number | undefined } {
  const where = 'nn.evaluate';
  const o = options(where, given, ['loss']);
  const { x, rows, criterion } = examplesOf(where, model, data, o.loss);
  const { labels } = criterion;
  const plan = planFor(where, model);
  const loss = criterion.bind(plan.kernel, plan.lossMemory, plan.outputs, plan.outputGradient, plan.batchSize);
  let [total, count, labelled, correct] = [0, 0, 0, 0];
  forwardInBatches(where, model, x, rows, (outputs, from, batch) => {
    for (let i = 0; i < batch; i++) loss.load(i, from + i);
    total = loss.forward(batch, total);
    count = loss.count(batch, count);
    for (let row = 0; labels && row < batch; row++) {
      const label = labels[from + row];
      if (label >= model.outputs) continue;
      labelled++;
      if (indexOfLargest(outputs, row * model.outputs, model.outputs) === label) correct++;
    }
  });
  const mean = ratio(total, count);
  return labels ? { loss: mean, accuracy: ratio(correct, labelled) } : { loss: mean };
}

/** The first index of the largest of n values; -1 if one is NaN. */
export function indexOfLargest(x: Float32Array, from: number, n: number): number {
  let best = -1;
  let largest = -Infinity;
  for (let k = 0; k < n; k++) {
    const value = x[from + k];
    if (value > largest) [best, largest] = [k, value];
    else if (Number.isNaN(value)) return -1;
  }
  return best;
}
