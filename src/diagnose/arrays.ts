// Arrays of any library: nested lists, as JSON has them, or a shape with its values.

import { attached, classOf, type Floats, partsOf, sameLength, what } from '../check.js';
import { checkedShape, type Tensor } from '../tensor.js';

/** Numbers, or null, which JSON has in place of NaN and of infinity. */
export type List = readonly (number | null)[] | ArrayLike<number>;

/** Numbers in nested lists of equal lengths. */
export type Nested = List | readonly Nested[];

/**
 * An array: nested lists, [[1, 2], [3, 4]], or its values in row-major order with their shape, { shape: [2, 2], data:
 * [1, 2, 3, 4] }, such as a tensor. Lists may be typed arrays. Values are rounded to float32; null is NaN.
 */
export type Numbers = Nested | { readonly shape: readonly number[]; readonly data: List };

const isNumbers = (value: unknown) => /^(Float|Int|Uint)/.test(classOf(value) ?? '');

/** The numbers of a list or a typed array as float32; a Float32Array is not copied. */
function floats(where: string, name: string, list: unknown): Float32Array {
  if (!Array.isArray(list)) {
    if (!isNumbers(list)) throw new TypeError(`${where}: ${name} is ${what(list)}; pass a list of numbers`);
    attached(where, name, list as ArrayBufferView);
    return classOf(list) === 'Float32Array' ? (list as Float32Array) : Float32Array.from(list as ArrayLike<number>);
  }
  return Float32Array.from(list, (value, i) => {
    if (value === null) return Number.NaN;
    if (typeof value !== 'number')
      throw new TypeError(
        `${where}: ${name}[${i}] is ${what(value)}; pass a number, or null for one that is not finite`,
      );
    return value;
  });
}

/** Axes that lists may have: more are a list within itself. */
const MAX_AXES = 8;

/** Nested lists as a tensor. */
function flatten(where: string, name: string, list: unknown, axes = 1): Tensor {
  const isList = Array.isArray(list) && partsOf(list).some((item) => Array.isArray(item) || isNumbers(item));
  if (!isList) {
    const data = floats(where, name, list);
    return { shape: [data.length], data };
  }
  if (axes === MAX_AXES)
    throw new RangeError(`${where}: ${name} is a list in ${axes - 1} others; pass at most ${axes}`);
  const parts = Array.from(list as unknown[], (item, i) => flatten(where, `${name}[${i}]`, item, axes + 1));
  const [{ shape }] = parts;
  parts.forEach((part, i) => {
    if (`${part.shape}` !== `${shape}`)
      throw new RangeError(
        `${where}: ${name}[${i}] has shape [${part.shape}] and ${name}[0] [${shape}]; make them the same`,
      );
  });
  const size = parts[0].data.length;
  const data = new Float32Array(size * parts.length);
  parts.forEach((part, i) => void data.set(part.data, i * size));
  return { shape: [parts.length, ...shape], data };
}

/** An array of any library as a tensor. TypeError for other values, RangeError for lists of different lengths. */
export function tensorOf(where: string, name: string, value: unknown): Tensor {
  if (Array.isArray(value) || isNumbers(value)) return flatten(where, name, value);
  if (typeof value !== 'object' || value === null || !('shape' in value) || !('data' in value))
    throw new TypeError(`${where}: ${name} is ${what(value)}; pass nested arrays, or { shape, data }`);
  const { shape, size } = checkedShape(`${where}: ${name}`, value.shape);
  const data = floats(where, `data of ${name}`, value.data);
  sameLength(where, `data of ${name}`, data.length, `shape [${shape}]`, size);
  return { shape, data };
}

/**
 * A weight as rows of one output each: with 'oi' its first axis is that of the outputs, as in PyTorch, with 'io' its last,
 * as in TensorFlow.
 */
export function rowsOfOutputs({ shape, data }: Tensor, layout: 'oi' | 'io'): { rows: number; data: Float32Array } {
  const rows = shape[layout === 'oi' ? 0 : shape.length - 1];
  if (layout === 'oi') return { rows, data };
  const turned: Floats = new Float32Array(data.length);
  const columns = data.length / rows;
  for (let i = 0; i < rows; i++) for (let k = 0; k < columns; k++) turned[i * columns + k] = data[k * rows + i];
  return { rows, data: turned };
}
