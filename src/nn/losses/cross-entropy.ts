// Cross-entropy: a loss of rows of logits and their labels.

import {
  apart,
  attached,
  choice,
  classOf,
  type Floats,
  float32,
  number,
  options,
  output,
  partsOf,
  sameLength,
  what,
  whole,
} from '../../check.js';
import { axisLayout } from '../../tensor.js';
import { apply, view } from '../../wasm/kernels.js';
import { nnModule } from '../../wasm/module.js';
import { type Forward, type Reduction, ratio, reductions, upstreamGradients } from './reduction.js';

/** Labels: classes as whole numbers from 0 on. */
export type Labels = Uint8Array | Uint16Array | Uint32Array | Int32Array | readonly number[];

/** The label of a row that does not count, as kernels take it. */
const NONE = 2 ** 32 - 1;

/** The end of an error: how labels are made of an array whose values are of this kind, or that a whole number can be ignored. */
function adviceOn(label: unknown, classes: number): string {
  if (Number.isInteger(label)) return ', or name it as ignoreIndex';
  const made = (by: string) => `; labels.map(${by}) makes them`;
  if (typeof label === 'boolean' || typeof label === 'bigint') return made('Number');
  if (typeof label === 'string')
    return /^\d+$/.test(label)
      ? made('Number')
      : `${made('(label) => names.indexOf(label)')}, with the classes' names in names`;
  const row = Array.isArray(label) || classOf(label) ? Array.from(label as number[]) : [];
  if (row.length === 1) return made('([label]) => label');
  const isOneHot = row.length === classes && row.every((v) => v === 0 || v === 1) && row.filter(Boolean).length === 1;
  return isOneHot ? made('(row) => row.indexOf(1)') : '';
}

/** Labels, checked, as kernels take them: each is below the number of classes, or NONE if it is the ignored label. */
export function checkedLabels(where: string, labels: unknown, classes: number, ignored?: number): Uint32Array {
  if (!Array.isArray(labels)) {
    const kind = classOf(labels) ?? '';
    if (!['Uint8Array', 'Uint16Array', 'Uint32Array', 'Int32Array'].includes(kind)) {
      const from = kind.startsWith('Big') ? 'labels, Number' : /^[UIF]/.test(kind) && 'labels';
      throw new TypeError(
        `${where}: labels is ${what(labels)}; pass a Uint8Array, Uint16Array, Uint32Array, Int32Array or an array of whole numbers${from ? `; Array.from(${from}) makes one` : ''}`,
      );
    }
    attached(where, 'labels', labels as Uint8Array);
  }
  // A copy of an Array is checked and used, because its elements may be getters.
  const values = Array.isArray(labels) ? Array.from(labels as readonly number[]) : (labels as Uint32Array);
  for (let i = 0; i < values.length; i++) {
    if (
      !(Number.isInteger(values[i]) && values[i] >= 0 && values[i] < classes) &&
      (ignored === undefined || values[i] !== ignored)
    ) {
      throw new (typeof values[i] === 'number' ? RangeError : TypeError)(
        `${where}: labels[${i}] is ${what(values[i])}; pass whole numbers from 0 to ${classes - 1}${adviceOn(values[i], classes)}`,
      );
    }
  }
  if (ignored !== undefined) return Uint32Array.from(values, (label) => (label === ignored ? NONE : label));
  return classOf(labels) === 'Uint32Array' ? (labels as Uint32Array) : Uint32Array.from(values);
}

/** Options of cross-entropy. */
export interface CrossEntropy {
  /** Label smoothing (Szegedy et al. 2016): the share of a row's target, 0 to 1, that all classes have equally; 0 by default. */
  labelSmoothing?: number | undefined;
  /** The label of rows that do not count: any whole number. */
  ignoreIndex?: number | undefined;
  /** Weights of the classes, 0 or more. The mean is then divided by the sum of the labels' weights, as in PyTorch. */
  weights?: Float32Array | readonly number[] | undefined;
}

/** The check of each option. */
const checks = {
  labelSmoothing: (where, value) => number(where, 'labelSmoothing', value ?? 0, { least: 0, most: 1 }),
  ignoreIndex: (where, value) =>
    value === undefined ? undefined : whole(where, 'ignoreIndex', value, { least: Number.MIN_SAFE_INTEGER }),
  weights(where, value, classes) {
    if (value === undefined) return null;
    const weights = partsOf(Array.isArray(value) ? value : Array.from(float32(where, 'weights', value)));
    sameLength(where, 'weights', weights.length, 'the classes', classes);
    const check = (weight: unknown, k: number) => number(where, `weights[${k}]`, weight, { least: 0 });
    return Float32Array.from(weights.map(check));
  },
} satisfies { [K in keyof Required<CrossEntropy>]: (where: string, value: unknown, classes: number) => unknown };
const names = /* @__PURE__ */ Object.keys(checks) as (keyof CrossEntropy)[];

type Unchecked<T> = { [K in keyof T]?: unknown };

function checkedOptions(where: string, o: Unchecked<CrossEntropy>, classes: number) {
  const weights = checks.weights(where, o.weights, classes);
  const ignored = checks.ignoreIndex(where, o.ignoreIndex);
  return { weights, ignored, smoothing: checks.labelSmoothing(where, o.labelSmoothing) };
}

/** The options of cross-entropy for nn.fit, checked. */
export const crossEntropyOptions = (where: string, given: object | undefined, classes: number) =>
  checkedOptions(where, options(where, given as CrossEntropy | undefined, names), classes);

/** `sum` plus the weights of labels that count, or their number without weights: by this a mean is divided. */
export function weightSum(labels: Uint32Array, weights: Float32Array | null, sum = 0): number {
  for (const label of labels) if (label !== NONE) sum += weights ? weights[label] : 1;
  return sum;
}

/** Logits, labels and options of the loss. */
export interface Classified extends CrossEntropy {
  logits: Float32Array;
  labels: Labels;
  columns: number;
  rows?: number | undefined;
  reduction?: Reduction | undefined;
}
const argumentNames = /* @__PURE__ */ (() => ['logits', 'labels', 'rows', 'columns', 'reduction', ...names] as const)();

/** The arguments of forward and backward, checked. */
function checkedArguments(where: string, o: Unchecked<Classified>) {
  const logits = float32(where, 'logits', o.logits);
  const columns = whole(where, 'columns', o.columns, { least: 1 });
  const givenRows = o.rows === undefined ? undefined : whole(where, 'rows', o.rows);
  const { outer: rows } = axisLayout(where, 'logits', logits.length, { columns, rows: givenRows });
  const lossOptions = checkedOptions(where, o, columns);
  const labels = checkedLabels(where, o.labels, columns, lossOptions.ignored);
  sameLength(where, 'labels', labels.length, 'the logits', rows);
  const reduction = choice(where, 'reduction', o.reduction ?? 'mean', reductions);
  return { logits, labels, rows, columns, reduction, ...lossOptions };
}

export const crossEntropy = {
  /** The loss in nats: the mean over rows, or by `reduction` their sum or each row's. The mean of no rows is 0. */
  forward: ((given: Classified): number | Float32Array => {
    const where = 'loss.crossEntropy.forward';
    const c = checkedArguments(where, options<Classified>(where, given, argumentNames));
    const sum = (logits: Float32Array, labels: Uint32Array, rows: number) =>
      apply(nnModule, 'crossEntropyForward', rows, [logits, labels], [c.columns, c.smoothing], {
        reads: 2,
        constant: [c.weights],
      });
    if (c.reduction !== 'none') {
      const total = c.rows === 0 ? 0 : sum(c.logits, c.labels, c.rows);
      return c.reduction === 'sum' ? total : ratio(total, weightSum(c.labels, c.weights));
    }
    const row = (r: number) => sum(view(c.logits, r * c.columns, (r + 1) * c.columns), c.labels.slice(r, r + 1), 1);
    return Float32Array.from(c.labels, (_, r) => row(r));
  }) as Forward<Omit<Classified, 'reduction'>>,
  /**
   * The gradient with respect to the logits, in a new array or in out, which may be logits. Without options it is (softmax -
   * one-hot label) / rows. With reduction 'none' it needs dy, the gradient with respect to each row's loss.
   */
  backward(given: Classified & { dy?: Float32Array | undefined; out?: Float32Array | undefined }): Floats {
    const where = 'loss.crossEntropy.backward';
    const o = options(where, given, [...argumentNames, 'dy', 'out']);
    const c = checkedArguments(where, o);
    const dy = upstreamGradients(where, o.dy, c.reduction, c.rows);
    const out = output(where, o.out, 'logits', c.logits);
    apart(where, 'out', out, 'labels', c.labels, true);
    if (dy) apart(where, 'out', out, 'dy', dy, true);
    const slope = (rows: number, arrays: (Float32Array | Uint32Array)[], scale: number) =>
      apply(nnModule, 'crossEntropyBackward', rows, arrays, [c.columns, c.smoothing, scale], { constant: [c.weights] });
    if (dy === undefined) {
      const count = c.reduction === 'sum' ? 1 : weightSum(c.labels, c.weights);
      slope(c.rows, [c.logits, c.labels, out], ratio(1, count));
    } else {
      for (let r = 0; r < c.rows; r++) {
        const row = (a: Float32Array) => view(a, r * c.columns, (r + 1) * c.columns);
        slope(1, [row(c.logits), c.labels.slice(r, r + 1), row(out)], dy[r]);
      }
    }
    return out;
  },
};
