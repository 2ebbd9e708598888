// Finds the first number that is not finite, where the loss or a parameter of a training is not, and says what to do about it.

import { type Model, valuesOf } from './model.js';
import type { Plan } from './plan.js';

/** A training in which a number is not finite. */
export interface NonFinite {
  model: Model;
  plan: Plan;
  x: Float32Array;
  targets: Float32Array | undefined;
  lr: number;
  /** How many steps were made before. */
  steps: number;
  /** The rows of the step, as they are in the data; none after the last step. */
  rows: readonly number[];
  /** Whether the parameters are those from which the loss was computed. */
  unchanged: boolean;
}

/** The index of the first value that is not finite, from `from` to `to`; -1 if there is none. */
export function firstNonFinite(values: Float32Array, from = 0, to = values.length): number {
  for (let i = from; i < to; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/** The first parameter that has a value that is not finite, in words. */
export function nonFiniteParameter(model: Model): string | undefined {
  for (const [name, data] of valuesOf(model)) {
    const at = firstNonFinite(data);
    if (at >= 0) return `${name}[${at}] is ${data[at]}`;
  }
  return undefined;
}

/** The first value of x or targets that is not finite, in words: of these rows, or of all. */
function inData({ model, x, targets }: NonFinite, rows?: readonly number[]): string | undefined {
  const arrays = [
    ['x', x, model.inputs],
    ['targets', targets, model.outputs],
  ] as const;
  for (const [name, values, columns] of arrays) {
    for (const row of values ? (rows ?? [0]) : []) {
      const at = firstNonFinite(values!, row * columns, rows && (row + 1) * columns);
      if (at >= 0)
        return `${name}[${at}] (row ${Math.floor(at / columns)}) is ${values![at]}; pass numbers that are finite`;
    }
  }
  return undefined;
}

/** The first layer whose output is not finite, in words. */
function inOutputs({ plan, rows }: NonFinite): string | undefined {
  const { operations, batchSize } = plan;
  const found = operations.find(({ y }) => firstNonFinite(y, 0, (rows.length * y.length) / batchSize) >= 0);
  return found && `it begins in the output of layers[${found.layer}] (${found.kind})`;
}

/** Where numbers that are not finite come from, and what to do, as the end of a warning or an error. */
export function originOf(training: NonFinite): string {
  const { lr, steps, rows, unchanged } = training;
  const advice =
    steps === 0
      ? 'pass x and targets with values near 1, or smaller initial weights'
      : `pass a smaller lr (it is ${lr}), clipNorm, or x and targets with values near 1`;
  const parameter = unchanged ? nonFiniteParameter(training.model) : undefined;
  // A bounded activation makes finite numbers of an infinite input; its gradient is NaN, and so are the weights of the next step.
  const data = inData(training, rows) ?? (steps > 0 ? inData(training) : undefined);
  if (data) return data;
  if (parameter && steps === 0) return `${parameter} from the start; pass layers with finite parameters`;
  const origin = parameter ?? inOutputs(training) ?? 'the outputs are too large for the loss';
  return `${origin}; ${advice}; diagnose.probe measures each layer`;
}
