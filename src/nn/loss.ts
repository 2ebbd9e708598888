// Losses: how far off the outputs are, and the gradient of that. Cross-entropy has a label a row; the others are
// functions of each output and its target, a row of the table each.

import {
  apart,
  attached,
  type Bounds,
  choice,
  classOf,
  float32,
  number,
  options,
  output,
  sameLength,
  what,
  whole,
} from '../check.js';
import { along } from '../tensor.js';
import { apply, view } from '../wasm/kernels.js';
import { nnModule } from '../wasm/module.js';
import type { Place } from './layer.js';

/** Classes as whole numbers from 0 on. */
export type Labels = Uint8Array | Uint16Array | Uint32Array | Int32Array | readonly number[];

/** The mean over what counts (in nats), the sum, or each by itself. */
export type Reduction = 'mean' | 'sum' | 'none';
const reductions = ['mean', 'sum', 'none'] as const;

/** A label that does not count. */
const NONE = 2 ** 32 - 1;

/** Labels as the kernels take them, each below the number of classes, or to be ignored. */
export function labelled(where: string, labels: unknown, classes: number, ignored?: number): Uint32Array {
  if (!Array.isArray(labels)) {
    if (!['Uint8Array', 'Uint16Array', 'Uint32Array', 'Int32Array'].includes(classOf(labels) ?? '')) {
      throw new TypeError(
        `${where}: labels is ${what(labels)}; pass a Uint8Array, Uint16Array, Uint32Array, Int32Array or an array of whole numbers`,
      );
    }
    attached(where, 'labels', labels as Uint8Array);
  }
  // A copy is what is looked at and handed on: an element may be a getter.
  const given = Array.isArray(labels) ? Array.from(labels as readonly number[]) : (labels as Uint32Array);
  for (let i = 0; i < given.length; i++) {
    if (
      !(Number.isInteger(given[i]) && given[i] >= 0 && given[i] < classes) &&
      (ignored === undefined || given[i] !== ignored)
    ) {
      const among = `whole numbers from 0 to ${classes - 1}`;
      throw new RangeError(`${where}: labels[${i}] is ${what(given[i])}; pass ${among}, or name it as ignoreIndex`);
    }
  }
  if (ignored !== undefined) return Uint32Array.from(given, (label) => (label === ignored ? NONE : label));
  return classOf(labels) === 'Uint32Array' ? (labels as Uint32Array) : Uint32Array.from(given);
}

/** What cross-entropy may be told beside logits and labels. */
export interface CrossEntropy {
  /** The share of a label, from 0 (the default) to 1, that goes to all classes alike (Szegedy et al. 2016). */
  labelSmoothing?: number;
  /** The label of rows that do not count; any whole number. */
  ignoreIndex?: number;
  /** How much each class counts, 0 or more; the mean is then divided by the weights of the labels, as in PyTorch. */
  weights?: Float32Array | readonly number[];
}
const crossEntropyOptions = ['labelSmoothing', 'ignoreIndex', 'weights'] as const;

function crossEntropyNumbers(where: string, o: CrossEntropy, classes: number) {
  const given = Array.isArray(o.weights) ? Float32Array.from(o.weights) : o.weights;
  const weights = given === undefined ? null : float32(where, 'weights', given).slice();
  if (weights) sameLength(where, 'weights', weights.length, 'the classes', classes);
  weights?.forEach((weight, k) => number(where, `weights[${k}]`, weight, { least: 0 }));
  const ignored = o.ignoreIndex;
  if (ignored !== undefined) whole(where, 'ignoreIndex', ignored, { least: Number.MIN_SAFE_INTEGER });
  const smoothing = number(where, 'labelSmoothing', o.labelSmoothing ?? 0, { least: 0, most: 1 });
  return { weights, ignored, smoothing };
}

/** What the mean of so many labels is divided by. */
function counted(labels: Uint32Array, weights: Float32Array | null, sum = 0): number {
  for (const label of labels) if (label !== NONE) sum += weights ? weights[label] : 1;
  return sum;
}
/** Nothing at all has the mean 0. */
const over = (total: number, count: number) => (count === 0 ? 0 : total / count);

export interface Classified extends CrossEntropy {
  logits: Float32Array;
  labels: Labels;
  columns: number;
  rows?: number;
  reduction?: Reduction;
}
const classified = ['logits', 'labels', 'rows', 'columns', 'reduction', ...crossEntropyOptions] as const;

function checked(where: string, o: Partial<Classified>) {
  const logits = float32(where, 'logits', o.logits);
  const { columns } = o;
  whole(where, 'columns', columns, { least: 1 });
  const { outer: rows, length } = along(where, 'logits', logits.length, { columns, rows: o.rows });
  const given = crossEntropyNumbers(where, o, length);
  const labels = labelled(where, o.labels, length, given.ignored);
  sameLength(where, 'labels', labels.length, 'the logits', rows);
  const reduction = choice(where, 'reduction', o.reduction ?? 'mean', reductions);
  return { logits, labels, rows, columns: length, reduction, ...given };
}

export interface Forward<O> {
  /** A value each, not reduced. */
  (given: O & { reduction: 'none' }): Float32Array;
  /** The mean of all, or their sum. The mean of none is 0. */
  (given: O & { reduction?: 'mean' | 'sum' }): number;
}

/** The gradients that come back to values that were not reduced; else undefined. */
function upstream(where: string, dy: unknown, reduction: Reduction, length: number): Float32Array | undefined {
  if (reduction !== 'none') {
    if (dy !== undefined) throw new TypeError(`${where}: dy goes with reduction 'none'; leave it out`);
    return undefined;
  }
  const given = float32(where, 'dy', dy);
  sameLength(where, 'dy', given.length, 'the losses', length);
  return given;
}

const crossEntropy = {
  /** From logits, in nats; with reduction 'none' a value a row. The mean of no rows is 0. */
  forward: ((given: Classified): number | Float32Array => {
    const where = 'loss.crossEntropy.forward';
    const c = checked(where, options<Classified>(where, given, classified));
    const sum = (logits: Float32Array, labels: Uint32Array, rows: number) =>
      apply(nnModule, 'crossEntropyForward', rows, [logits, labels], [c.columns, c.smoothing], {
        reads: 2,
        constant: [c.weights],
      });
    if (c.reduction !== 'none') {
      const total = c.rows === 0 ? 0 : sum(c.logits, c.labels, c.rows);
      return c.reduction === 'sum' ? total : over(total, counted(c.labels, c.weights));
    }
    const row = (r: number) => sum(view(c.logits, r * c.columns, (r + 1) * c.columns), c.labels.slice(r, r + 1), 1);
    return Float32Array.from(c.labels, (_, r) => row(r));
  }) as Forward<Omit<Classified, 'reduction'>>,
  /**
   * The gradient by the logits: without options (softmax - one at the label) / rows. With reduction 'none' from the
   * gradients dy by each row's loss. out may be logits.
   */
  backward(given: Classified & { dy?: Float32Array; out?: Float32Array }): Float32Array {
    const where = 'loss.crossEntropy.backward';
    const o = options(where, given, [...classified, 'dy', 'out']);
    const c = checked(where, o);
    const dy = upstream(where, o.dy, c.reduction, c.rows);
    const out = output(where, o.out, 'logits', c.logits);
    apart(where, 'out', out, 'labels', c.labels, true);
    if (dy) apart(where, 'out', out, 'dy', dy, true);
    const slope = (rows: number, arrays: (Float32Array | Uint32Array)[], scale: number) =>
      apply(nnModule, 'crossEntropyBackward', rows, arrays, [c.columns, c.smoothing, scale], { constant: [c.weights] });
    if (dy === undefined) {
      const count = c.reduction === 'sum' ? 1 : counted(c.labels, c.weights);
      slope(c.rows, [c.logits, c.labels, out], over(1, count));
    } else {
      for (let r = 0; r < c.rows; r++) {
        const part = (a: Float32Array) => view(a, r * c.columns, (r + 1) * c.columns);
        slope(1, [part(c.logits), c.labels.slice(r, r + 1), part(out)], dy[r]);
      }
    }
    return out;
  },
};

/** A loss of each output x by its target t, with at most one number. */
interface Row {
  /** What the outputs are called. */
  from: 'outputs' | 'logits';
  parameters: Record<string, { value: number } & Bounds>;
  /** Whether targets are shares, from 0 to 1. */
  shares?: boolean;
}

/** The losses that are functions of an output and its target; kernels of the same names are in assembly/loss.ts. */
export const losses = {
  /** (x - t)^2 */
  meanSquaredError: {
    from: 'outputs',
    parameters: {},
  },
  /** d^2 / 2 where |d| = |x - t| is at most delta, beyond it delta (|d| - delta / 2) (Huber 1964) */
  huber: {
    from: 'outputs',
    parameters: { delta: { value: 1, least: 0, open: true } },
  },
  /** -positiveWeight t ln s(x) - (1 - t) ln(1 - s(x)), s the sigmoid; targets from 0 to 1 */
  binaryCrossEntropy: {
    from: 'logits',
    parameters: { positiveWeight: { value: 1, least: 0 } },
    shares: true,
  },
} satisfies Record<string, Row>;

export type PointwiseLoss = keyof typeof losses;
type Rows = typeof losses;
type ParametersOf<L extends PointwiseLoss> = { [P in keyof Rows[L]['parameters']]?: number };

interface Targeted {
  targets: Float32Array;
  reduction?: Reduction;
}
type Compared<L extends PointwiseLoss> = { [K in Rows[L]['from']]: Float32Array } & Targeted & ParametersOf<L>;

export interface Pointwise<L extends PointwiseLoss> {
  /** With reduction 'none' a value for each output, else a number: the mean over all of them, or their sum. */
  forward: Forward<Omit<Compared<L>, 'reduction'>>;
  /** The gradient by the outputs; with reduction 'none' from the gradients dy by each value. */
  backward(given: Compared<L> & { dy?: Float32Array; out?: Float32Array }): Float32Array;
}

/** The one number of a row, given or by default. */
function parameterOf(where: string, row: Row, o: Record<string, unknown>): number {
  const [[name, { value, ...bounds }]] = [...Object.entries(row.parameters), ['', { value: 0 }] as const];
  return number(where, name, o[name] ?? value, bounds);
}

/** Summed from the first to the last, in binary64. */
function sumOf(x: Float32Array, length: number, total = 0): number {
  for (let i = 0; i < length; i++) total += x[i];
  return total;
}

function pointwise<L extends PointwiseLoss>(name: L): Pointwise<L> {
  const row: Row = losses[name];
  const known = [row.from, 'targets', 'reduction', ...Object.keys(row.parameters)];
  function checked(where: string, given: unknown, more: string[]) {
    const o = options<Record<string, unknown>>(where, (given ?? {}) as Record<string, unknown>, [...known, ...more]);
    const x = float32(where, row.from, o[row.from]);
    const targets = float32(where, 'targets', o.targets);
    sameLength(where, 'targets', targets.length, row.from, x.length);
    const reduction = choice(where, 'reduction', o.reduction ?? 'mean', reductions);
    return { o, x, targets, reduction, parameter: parameterOf(where, row, o) };
  }
  return {
    forward: ((given: unknown): number | Float32Array => {
      const { x, targets, reduction, parameter } = checked(`loss.${name}.forward`, given, []);
      const each = new Float32Array(x.length);
      apply(nnModule, `${name}Forward`, x.length, [x, targets, each], [parameter, 0]);
      if (reduction === 'none') return each;
      const total = sumOf(each, each.length);
      return reduction === 'sum' ? total : over(total, x.length);
    }) as Forward<Omit<Compared<L>, 'reduction'>>,
    backward(given) {
      const where = `loss.${name}.backward`;
      const { o, x, targets, reduction, parameter } = checked(where, given, ['dy', 'out']);
      const dy = upstream(where, o.dy, reduction, x.length);
      const out = output(where, o.out, row.from, x, 'targets', targets);
      if (dy) apart(where, 'out', out, 'dy', dy, true);
      const scale = reduction === 'mean' ? over(1, x.length) : 1;
      apply(nnModule, `${name}Backward`, x.length, [x, targets, out], [parameter, scale]);
      dy?.forEach((g, i) => {
        out[i] *= g;
      });
      return out;
    },
  };
}

export const loss = {
  /** -ln softmax(logits)[label], with label smoothing, class weights and labels that do not count. */
  crossEntropy,
  /** (output - target)^2 */
  meanSquaredError: pointwise('meanSquaredError'),
  /** d^2 / 2 where |d| = |output - target| is at most delta (1), beyond it delta (|d| - delta / 2) (Huber 1964). */
  huber: pointwise('huber'),
  /** From logits: -positiveWeight t ln s(x) - (1 - t) ln(1 - s(x)), s the sigmoid, positiveWeight 1; targets from 0 to 1, which nn.fit checks. */
  binaryCrossEntropy: pointwise('binaryCrossEntropy'),
};

/** A loss by its name, or by its name and options. */
export type NamedLoss =
  | keyof typeof loss
  | readonly ['crossEntropy', CrossEntropy]
  | { [L in PointwiseLoss]: readonly [L, ParametersOf<L>] }[PointwiseLoss];

/** Rows of inputs, and for each its class, or a target for each output. */
export type Data = { x: Float32Array } & ({ labels: Labels } | { targets: Float32Array });

/** A loss over a batch of rows in a model's workspace. */
export interface Criterion {
  /** Whether rows have labels, or a target for each output. */
  labels?: Uint32Array;
  /** memory has room for two values an output. */
  bind(
    kernel: Place['kernel'],
    memory: Float32Array,
    outputs: Float32Array,
    gradient: Float32Array,
    rows: number,
  ): {
    /** Row i of the batch is that row of the data. */
    take(i: number, row: number): void;
    /** The loss summed over the first rows, from a total on. */
    forward(rows: number, total: number): number;
    /** What that is to be divided by for the mean, from a total on. */
    count(rows: number, total: number): number;
    /** The mean, and the gradient of it. */
    backward(rows: number): number;
  };
}

/** What a loss by name makes of the labels or targets of so many rows, `columns` outputs each. */
export function criterion(where: string, given: unknown, data: Data, rows: number, columns: number): Criterion {
  const [word, parameters] = Array.isArray(given) ? given : [given];
  const name = choice(where, 'loss', word, Object.keys(loss) as (keyof typeof loss)[]);
  if (name === 'crossEntropy') {
    if ('targets' in data)
      throw new TypeError(
        `${where}: crossEntropy has labels, not targets; pass labels, or loss: 'meanSquaredError', 'huber' or 'binaryCrossEntropy'`,
      );
    const o = options(where, data, ['x', 'labels']) as { labels?: Labels };
    const { weights, ignored, smoothing } = crossEntropyNumbers(
      where,
      options<CrossEntropy>(`${where}: crossEntropy`, parameters, crossEntropyOptions),
      columns,
    );
    const labels = labelled(where, o.labels, columns, ignored).slice(); // nobody changes them under way
    sameLength(where, 'labels', labels.length, 'x, in rows,', rows);
    return {
      labels,
      bind(kernel, memory, outputs, gradient, batch) {
        const taken = new Uint32Array(memory.buffer, memory.byteOffset, batch);
        // Put there again before each use: the memory serves every loss of the model, one by one.
        const inside = weights && memory.subarray(batch, batch + columns);
        const ready = () => inside?.set(weights!);
        const forward = kernel('crossEntropyForward', inside, outputs, taken);
        const backward = kernel('crossEntropyBackward', inside, outputs, taken, gradient);
        const count = (n: number, total: number) =>
          weights || ignored !== undefined ? counted(taken.subarray(0, n), weights, total) : total + n;
        return {
          take: (i, row) => void (taken[i] = labels[row]),
          forward(n, total) {
            ready();
            return forward(n, columns, smoothing, total);
          },
          count,
          backward(n) {
            const divisor = count(n, 0);
            ready();
            return over(backward(n, columns, smoothing, over(1, divisor)), divisor);
          },
        };
      },
    };
  }
  const row: Row = losses[name];
  if ('labels' in data) throw new TypeError(`${where}: ${name} has targets, not labels; pass a target for each output`);
  const o = options(where, data, ['x', 'targets']) as { targets?: Float32Array };
  const parameter = parameterOf(
    `${where}: ${name}`,
    row,
    options<Record<string, unknown>>(`${where}: ${name}`, parameters, Object.keys(row.parameters)),
  );
  const targets = float32(where, 'targets', o.targets);
  sameLength(where, 'targets', targets.length, 'the outputs for x', rows * columns);
  const wrong = row.shares ? targets.findIndex((target) => !(target >= 0 && target <= 1)) : -1;
  if (wrong >= 0)
    throw new RangeError(
      `${where}: targets[${wrong}] is ${targets[wrong]}; ${name} has shares, pass numbers from 0 to 1`,
    );
  return {
    bind(kernel, memory, outputs, gradient, batch) {
      const [taken, each] = [0, 1].map((k) => memory.subarray(k * batch * columns, (k + 1) * batch * columns));
      const forward = kernel(`${name}Forward`, outputs, taken, each);
      const backward = kernel(`${name}Backward`, outputs, taken, gradient);
      const sum = (n: number, total: number) => {
        forward(n * columns, parameter, 0);
        return sumOf(each, n * columns, total);
      };
      return {
        take: (i, at) => taken.set(view(targets, at * columns, (at + 1) * columns), i * columns),
        forward: sum,
        count: (n, total) => total + n * columns,
        backward(n) {
          const mean = over(sum(n, 0), n * columns);
          backward(n * columns, parameter, over(1, n * columns));
          return mean;
        },
      };
    },
  };
}
