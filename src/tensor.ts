// Tensors: shapes and values. And the layout of values along an axis.

import { allocate, float32, sameLength, type Unchecked, what, whole } from './check.js';

/**
 * Values in row-major order. nn.sequential moves the data of its layers' tensors to the model's memory, once: read `data` after it.
 * From then on it is the same array, which cannot be assigned; write into it, by data.set(values).
 */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A shape, checked, and its number of values. */
export function checkedShape(where: string, shape: unknown): { shape: number[]; size: number } {
  if (!Array.isArray(shape) || !('map' in shape))
    throw new TypeError(`${where}: the shape is ${what(shape)}; pass an array of lengths, such as [100, 784]`);
  const lengths = Array.from(shape, (length, i) => whole(where, `shape[${i}]`, length));
  const size = lengths.reduce((product, length) => product * length, 1);
  if (!Number.isSafeInteger(size))
    throw new RangeError(`${where}: shape [${lengths}] has more than 2^53 values; pass a smaller one`);
  return { shape: lengths, size };
}

/** The axis over which a function works: rows of `columns` values, or an axis of a shape, the last by default. */
export interface Along {
  columns?: number | undefined;
  /** How many rows there are; only checked. */
  rows?: number | undefined;
  shape?: readonly number[] | undefined;
  /** From 0 on, or from -1 backwards. */
  axis?: number | undefined;
}
export const axisOptions = ['columns', 'rows', 'shape', 'axis'] as const;

/** The layout of n values as outer x length x inner, where `length` is the axis's. `name` is the array's in errors. */
export function axisLayout(
  where: string,
  name: string,
  n: number,
  { columns, rows, shape, axis }: Unchecked<Along>,
): { outer: number; length: number; inner: number } {
  if (shape !== undefined) {
    if (columns !== undefined || rows !== undefined)
      throw new TypeError(`${where}: both shape and columns; pass one of them`);
    const { shape: lengths, size } = checkedShape(where, shape);
    sameLength(where, name, n, `shape [${lengths}]`, size);
    const rank = lengths.length;
    if (rank === 0) throw new RangeError(`${where}: shape [] has no axis; pass { columns: 1 }`);
    const signed = whole(where, 'axis', axis ?? -1, { least: -rank, most: rank - 1 });
    const at = signed < 0 ? rank + signed : signed;
    const product = (axes: number[]) => axes.reduce((all, length) => all * length, 1);
    return { outer: product(lengths.slice(0, at)), length: lengths[at], inner: product(lengths.slice(at + 1)) };
  }
  if (axis !== undefined) throw new TypeError(`${where}: axis without shape; pass the shape too`);
  if (columns === undefined) throw new TypeError(`${where}: neither columns nor shape; pass how long a row is`);
  const length = whole(where, 'columns', columns, { least: 1 });
  if (rows !== undefined) {
    sameLength(where, name, n, 'rows x columns', whole(where, 'rows', rows) * length);
  } else if (n % length !== 0) {
    throw new RangeError(`${where}: ${name} has ${n} values, no whole number of rows of ${length}; pass other columns`);
  }
  return { outer: n / length, length, inner: 1 };
}

/** A tensor of a shape, with the values of `data` (not copied) or zeros. RangeError where their lengths differ. */
export function tensor(shape: readonly number[], data?: Float32Array): Tensor {
  const where = 'tensor';
  const { shape: lengths, size } = checkedShape(where, shape);
  if (data !== undefined) sameLength(where, 'data', float32(where, 'data', data).length, `shape [${lengths}]`, size);
  return { shape: Object.freeze(lengths), data: data ?? allocate(where, size, Float32Array) };
}

/** Whether a value is a tensor. Error for one whose shape or data are wrong. */
export function isTensor(where: string, value: unknown): value is Tensor {
  if (typeof value !== 'object' || value === null || !('shape' in value) || !('data' in value)) return false;
  const { shape, data } = value as Tensor;
  const { size } = checkedShape(where, shape);
  sameLength(where, 'the data', float32(where, 'data', data).length, `shape [${shape}]`, size);
  return true;
}
