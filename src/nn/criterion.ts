// A loss for training: it is computed over batches of rows in a model's workspace, of data that are checked once.

import { choice, float32, options, partsOf, sameLength } from '../check.js';
import { view } from '../wasm/kernels.js';
import type { LayerMemory } from './layer.js';
import type { Data, NamedLoss } from './loss.js';
import { checkedLabels, crossEntropyOptions, weightSum } from './losses/cross-entropy.js';
import { kernelsOf, type LossRow, losses, type PointwiseLoss, parameterOf, sumOf } from './losses/pointwise.js';
import { ratio } from './losses/reduction.js';

type NameOfLoss = 'crossEntropy' | PointwiseLoss;

/** A loss over the first rows of a batch. */
export interface BoundLoss {
  /** The targets from which rows are copied, if there are any. */
  source?: Float32Array;
  /** Copies a row's label or targets from the data to row i of the batch. */
  load(i: number, row: number): void;
  /** `total` plus the losses of the first rows. */
  forward(rows: number, total: number): number;
  /** `count` plus the number by which the mean of the first rows is divided: their weights, or how many values they have. */
  count(rows: number, count: number): number;
  /** Writes the gradient of the mean over the first rows, and returns the mean. */
  backward(rows: number): number;
}

/** A loss with the labels or targets of data. */
export interface Criterion {
  /** The loss's name, and whether it takes logits. */
  name: NameOfLoss;
  logits: boolean;
  /** Whether targets may be any numbers, so that others with another mean and scale are as good. */
  isRegression: boolean;
  /** The rows' labels; undefined if the data have targets. */
  labels?: Uint32Array;
  /** The targets; undefined if the data have labels. */
  targets?: Float32Array;
  /** Binds the loss to a plan's arrays. `memory` has two values for each output; all losses of a model share it in turn. */
  bind(
    kernel: LayerMemory['kernel'],
    memory: Float32Array,
    outputs: Float32Array,
    gradient: Float32Array,
    rows: number,
  ): BoundLoss;
}

/** A loss's name and options, data, how many rows they have, and how many outputs a row has. */
interface Request<N extends string> {
  where: string;
  name: N;
  given: object | undefined;
  data: Data;
  rows: number;
  columns: number;
}

function crossEntropyCriterion({ where, given, data, rows, columns }: Request<'crossEntropy'>): Criterion {
  if ('targets' in data) {
    const names = Object.keys(losses).map((name) => `'${name}'`);
    const others = `${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`;
    throw new TypeError(`${where}: crossEntropy has labels, not targets; pass labels, or loss: ${others}`);
  }
  const o = options(where, data, ['x', 'labels']);
  const { weights, ignored, smoothing } = crossEntropyOptions(`${where}: crossEntropy`, given, columns);
  const labels = checkedLabels(where, o.labels, columns, ignored).slice(); // a copy, so that later changes have no effect
  if (labels.length === rows * columns && labels.length > rows)
    throw new RangeError(
      `${where}: labels has ${labels.length} values, as one-hot rows have; pass ${rows}, the index of the 1 in each row`,
    );
  sameLength(where, 'labels', labels.length, 'x, in rows,', rows);
  return {
    name: 'crossEntropy',
    logits: true,
    isRegression: false,
    labels,
    bind(kernel, memory, outputs, gradient, batch) {
      const loaded = new Uint32Array(memory.buffer, memory.byteOffset, batch);
      // The weights are copied before each use, because all losses of the model share the memory.
      const planned = weights && memory.subarray(batch, batch + columns);
      const copyWeights = () => planned?.set(weights!);
      const forward = kernel('crossEntropyForward', planned, outputs, loaded);
      const backward = kernel('crossEntropyBackward', planned, outputs, loaded, gradient);
      const count = (n: number, total: number) =>
        weights || ignored !== undefined ? weightSum(loaded.subarray(0, n), weights, total) : total + n;
      return {
        load: (i, row) => void (loaded[i] = labels[row]),
        forward(n, total) {
          copyWeights();
          return forward(n, columns, smoothing, total);
        },
        count,
        backward(n) {
          const divisor = count(n, 0);
          copyWeights();
          return ratio(backward(n, columns, smoothing, ratio(1, divisor)), divisor);
        },
      };
    },
  };
}

function pointwiseCriterion({ where, name, given, data, rows, columns }: Request<PointwiseLoss>): Criterion {
  const row: LossRow = losses[name];
  if ('labels' in data) throw new TypeError(`${where}: ${name} has targets, not labels; pass a target for each output`);
  const o = options(where, data, ['x', 'targets']);
  const parameters = options<Record<string, unknown>>(
    `${where}: ${name}`,
    given as Record<string, unknown>,
    Object.keys(row.parameters),
  );
  const parameter = parameterOf(`${where}: ${name}`, row, parameters);
  const targets = float32(where, 'targets', o.targets);
  sameLength(where, 'targets', targets.length, 'the outputs for x', rows * columns);
  const wrong = row.shares ? targets.findIndex((target) => !(target >= 0 && target <= 1)) : -1;
  if (wrong >= 0)
    throw new RangeError(
      `${where}: targets[${wrong}] is ${targets[wrong]}; ${name} has shares, pass numbers from 0 to 1`,
    );
  return {
    name,
    logits: row.from === 'logits',
    isRegression: row.from === 'outputs' && !row.shares,
    targets,
    bind(kernel, memory, outputs, gradient, batch) {
      const [loaded, lossOfEach] = [0, 1].map((k) => memory.subarray(k * batch * columns, (k + 1) * batch * columns));
      const kernels = kernelsOf(name);
      const forward = kernel(kernels.forward, outputs, loaded, lossOfEach);
      const backward = kernel(kernels.backward, outputs, loaded, gradient);
      const sum = (n: number, total: number) => {
        forward(n * columns, parameter, 0);
        return sumOf(lossOfEach, n * columns, total);
      };
      return {
        source: targets,
        load: (i, row) => loaded.set(view(targets, row * columns, (row + 1) * columns), i * columns),
        forward: sum,
        count: (n, total) => total + n * columns,
        backward(n) {
          const mean = ratio(sum(n, 0), n * columns);
          backward(n * columns, parameter, ratio(1, n * columns));
          return mean;
        },
      };
    },
  };
}

const names = /* @__PURE__ */ (() => ['crossEntropy', ...(Object.keys(losses) as PointwiseLoss[])] as const)();

/** The loss of a name, or of a name and options, on data of `rows` rows with `columns` outputs each. */
export function criterion(where: string, named: unknown, data: Data, rows: number, columns: number): Criterion {
  const [unchecked, given] = partsOf(named);
  const name = choice(where, 'loss', unchecked, names);
  const request = { where, given: given as object | undefined, data, rows, columns };
  return name === 'crossEntropy'
    ? crossEntropyCriterion({ ...request, name })
    : pointwiseCriterion({ ...request, name });
}

/** Data without rows, of the kind that a loss needs. */
export function noData(loss: NamedLoss): Data {
  const x = new Float32Array(0);
  const name = typeof loss === 'string' ? loss : loss[0];
  return name === 'crossEntropy' ? { x, labels: [] } : { x, targets: x };
}
