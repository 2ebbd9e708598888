// A loss as a training uses it: over batches of rows in a model's workspace, of data that are checked once.

import { choice, float32, options, sameLength } from '../check.js';
import { view } from '../wasm/kernels.js';
import type { LayerMemory } from './layer.js';
import type { Data, NamedLoss } from './loss.js';
import { counted, crossEntropyOptions, labelled } from './losses/cross-entropy.js';
import { kernelsOf, type LossRow, losses, type PointwiseLoss, parameterOf, sumOf } from './losses/pointwise.js';
import { ratio } from './losses/reduction.js';

/** A loss over the first rows of a batch. */
export interface BoundLoss {
  /** Row i of the batch is that row of the data. */
  load(i: number, row: number): void;
  /** The loss summed over the first rows, from a total on. */
  forward(rows: number, total: number): number;
  /** What their mean is divided by, from a count on. */
  count(rows: number, count: number): number;
  /** The gradient of their mean; gives the mean. */
  backward(rows: number): number;
}

/** A loss, with the labels or targets of some data. */
export interface Criterion {
  /** Each row's label; undefined where there is a target for each output. */
  labels?: Uint32Array;
  /** memory has two values for each output of the rows; each loss that uses it writes before it reads. */
  bind(
    kernel: LayerMemory['kernel'],
    memory: Float32Array,
    outputs: Float32Array,
    gradient: Float32Array,
    rows: number,
  ): BoundLoss;
}

/** What the two families are asked for: a loss's name and options, the data, their rows, and outputs a row. */
type Asked<N extends string> = { where: string; name: N; passed: object | undefined; data: Data } & {
  rows: number;
  columns: number;
};

function classified({ where, passed, data, rows, columns }: Asked<'crossEntropy'>): Criterion {
  if ('targets' in data) {
    const names = Object.keys(losses).map((name) => `'${name}'`);
    const others = `${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`;
    throw new TypeError(`${where}: crossEntropy has labels, not targets; pass labels, or loss: ${others}`);
  }
  const o = options(where, data, ['x', 'labels']);
  const own = crossEntropyOptions(`${where}: crossEntropy`, passed, columns);
  const { weights, ignored, smoothing } = own;
  const labels = labelled(where, o.labels, columns, ignored).slice(); // a copy: the training does not see later changes
  sameLength(where, 'labels', labels.length, 'x, in rows,', rows);
  return {
    labels,
    bind(kernel, memory, outputs, gradient, batch) {
      const loaded = new Uint32Array(memory.buffer, memory.byteOffset, batch);
      // Written again before each use: the memory serves every loss of the model, one by one.
      const inside = weights && memory.subarray(batch, batch + columns);
      const ready = () => inside?.set(weights!);
      const forward = kernel('crossEntropyForward', inside, outputs, loaded);
      const backward = kernel('crossEntropyBackward', inside, outputs, loaded, gradient);
      const count = (n: number, total: number) =>
        weights || ignored !== undefined ? counted(loaded.subarray(0, n), weights, total) : total + n;
      return {
        load: (i, row) => void (loaded[i] = labels[row]),
        forward(n, total) {
          ready();
          return forward(n, columns, smoothing, total);
        },
        count,
        backward(n) {
          const divisor = count(n, 0);
          ready();
          return ratio(backward(n, columns, smoothing, ratio(1, divisor)), divisor);
        },
      };
    },
  };
}

function targeted({ where, name, passed, data, rows, columns }: Asked<PointwiseLoss>): Criterion {
  const row: LossRow = losses[name];
  if ('labels' in data) throw new TypeError(`${where}: ${name} has targets, not labels; pass a target for each output`);
  const o = options(where, data, ['x', 'targets']);
  const own = options<Record<string, unknown>>(
    `${where}: ${name}`,
    passed as Record<string, unknown>,
    Object.keys(row.parameters),
  );
  const parameter = parameterOf(`${where}: ${name}`, row, own);
  const targets = float32(where, 'targets', o.targets);
  sameLength(where, 'targets', targets.length, 'the outputs for x', rows * columns);
  const wrong = row.shares ? targets.findIndex((target) => !(target >= 0 && target <= 1)) : -1;
  if (wrong >= 0)
    throw new RangeError(
      `${where}: targets[${wrong}] is ${targets[wrong]}; ${name} has shares, pass numbers from 0 to 1`,
    );
  return {
    bind(kernel, memory, outputs, gradient, batch) {
      const [loaded, each] = [0, 1].map((k) => memory.subarray(k * batch * columns, (k + 1) * batch * columns));
      const kernels = kernelsOf(name);
      const forward = kernel(kernels.forward, outputs, loaded, each);
      const backward = kernel(kernels.backward, outputs, loaded, gradient);
      const sum = (n: number, total: number) => {
        forward(n * columns, parameter, 0);
        return sumOf(each, n * columns, total);
      };
      return {
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

const names = ['crossEntropy', ...(Object.keys(losses) as PointwiseLoss[])] as const;

/** A loss by its name, of the labels or targets of so many rows, `columns` outputs each. */
export function criterion(where: string, named: unknown, data: Data, rows: number, columns: number): Criterion {
  const [word, passed] = Array.isArray(named) ? named : [named];
  const name = choice(where, 'loss', word, names);
  const asked = { where, passed, data, rows, columns };
  return name === 'crossEntropy' ? classified({ ...asked, name }) : targeted({ ...asked, name });
}

/** Data of no rows, as a loss has them. */
export function noData(loss: NamedLoss): Data {
  const x = new Float32Array(0);
  const name = typeof loss === 'string' ? loss : loss[0];
  return name === 'crossEntropy' ? { x, labels: [] } : { x, targets: x };
}
