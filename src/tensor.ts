// A shape and its values.

import { allocate, float32, sameLength, what, whole } from './argument.js';

/** Values in row-major order. A model moves the data of its tensors: read them through the tensor, keep the tensor. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The lengths of the axes, checked, and how many values they make. */
export function sized(where: string, shape: unknown): { shape: number[]; size: number } {
  if (!Array.isArray(shape))
    throw new TypeError(`${where}: the shape is ${what(shape)}; pass an array of lengths, such as [100, 784]`);
  const lengths = Array.from(shape, (length, i) => whole(where, `shape[${i}]`, length));
  const size = lengths.reduce((product, length) => product * length, 1);
  if (!Number.isSafeInteger(size))
    throw new RangeError(`${where}: shape [${lengths}] has more than 2^53 values; pass a smaller one`);
  return { shape: lengths, size };
}

/** A tensor of that shape, with the given values (not copied) or zeros. */
export function tensor(shape: readonly number[], data?: Float32Array): Tensor {
  const where = 'tensor';
  const { shape: lengths, size } = sized(where, shape);
  if (data !== undefined) sameLength(where, 'data', float32(where, 'data', data).length, `shape [${lengths}]`, size);
  return { shape: Object.freeze(lengths), data: data ?? allocate(where, size, Float32Array) };
}

/** Whether something is a tensor; its data are checked. */
export function isTensor(where: string, value: unknown): value is Tensor {
  if (typeof value !== 'object' || value === null || !('shape' in value) || !('data' in value)) return false;
  const { shape, data } = value as Tensor;
  const { size } = sized(where, shape);
  sameLength(where, 'the data', float32(where, 'data', data).length, `shape [${shape}]`, size);
  return true;
}
