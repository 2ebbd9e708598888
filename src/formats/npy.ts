// NumPy's format for one array: a magic word, a version, a header that is a Python literal, and the values.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import { allocate, what } from '../check.js';
import { utf8 } from '../host.js';
import { checkedShape, isTensor, type Tensor } from '../tensor.js';
import { type Bytes, bytesOf, shortened, shown } from './bytes.js';
import { bytesOfValues, dtypeNames, dtypeOf, type FileTensor, fileTensor, read, writtenDtype } from './dtype.js';

/** The first bytes of a file: 0x93 and NUMPY. */
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const where = { encode: 'npy.encode', decode: 'npy.decode' };

/** A file with one tensor: little-endian float32 in row-major order. TypeError if it is not a tensor. */
function encode(tensor: Tensor): Bytes {
  if (!isTensor(where.encode, tensor))
    throw new TypeError(`${where.encode}: tensor is ${what(tensor)}; pass one, tensor(shape, values) makes it`);
  const { shape, data } = tensor;
  // A tuple of one number ends in a comma.
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<${writtenDtype.npy}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // Values begin at a multiple of 64; a line feed ends the header.
  const start = Math.ceil((MAGIC.length + 4 + text.length + 1) / 64) * 64;
  const values = bytesOfValues(data);
  const bytes = new Uint8Array(start + values.length).fill(32, 0, start);
  bytes.set([...MAGIC, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(utf8(text), 10);
  bytes[start - 1] = 10;
  bytes.set(values, start);
  return bytes;
}

const damaged = (message: string) =>
  new RangeError(`${where.decode}: ${message}; the file is damaged or something else`);
/**
 * A dictionary of three pairs; a tuple's numbers have commas between them, and a tuple of one ends in a comma. In files of
 * Python 2 a number may end in L. No part of the pattern can match what the next one matches, so that a hostile header is
 * refused in one pass.
 */
const DICTIONARY = /* @__PURE__ */ (() => {
  const pair = /'(?:descr|fortran_order|shape)'\s*:\s*(?:'[^']*'|True|False|\(\s*(?:(?:\d+L?\s*,\s*)+(?:\d+L?\s*)?)?\))/
    .source;
  return new RegExp(`^\\s*\\{\\s*${pair}(?:\\s*,\\s*${pair}){2}\\s*(?:,\\s*)?\\}\\s*$`);
})();

/** The values of an array in row-major order, of those in column-major order. */
function rowMajor(values: Float32Array, shape: readonly number[]): Float32Array {
  // Without axes of length 1, which a file may have many of.
  const axes = shape.filter((length) => length > 1);
  const strides = axes.map((_, i) => axes.slice(i + 1).reduce((product, length) => product * length, 1));
  const index = axes.map(() => 0);
  const result = allocate(where.decode, values.length, Float32Array);
  let to = 0;
  for (const value of values) {
    result[to] = value;
    for (let i = 0; i < axes.length; i++) {
      to += strides[i];
      if (++index[i] < axes[i]) break;
      to -= strides[i] * axes[i];
      index[i] = 0;
    }
  }
  return result;
}

/**
 * The tensor of a file, in a new array in row-major order. Values of other types are converted to float32; `inexact` counts
 * those that are rounded. RangeError for a damaged file or a type that this package does not read.
 */
function decode(file: Uint8Array | ArrayBuffer): FileTensor {
  const bytes = bytesOf(where.decode, 'bytes', file);
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw damaged('it does not begin as NumPy’s files do');
  const [major, minor] = bytes.subarray(6);
  // NumPy reads no others.
  if (major < 1 || major > 3 || minor > 0) throw damaged(`its version is ${major}.${minor}, not 1.0, 2.0 or 3.0`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first, length] = major === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const start = first + length;
  if (start > bytes.length) throw damaged(`a header of ${length} bytes in a file of ${bytes.length}`);
  // NumPy's limit. The header is searched in time that is quadratic in its length.
  if (length > 10_000) throw damaged(`a header of ${length} bytes is none of an array of numbers`);
  // All that is read of it is ASCII.
  const text = String.fromCharCode(...bytes.subarray(first, start));
  const header = text.replace(/"([^'"]*)"/g, "'$1'");
  const fieldOf = (key: string) => new RegExp(`'${key}'\\s*:\\s*('[^']*'|True|False|\\([^)]*\\))`).exec(header)?.[1];
  const [type, order, tuple] = [fieldOf('descr'), fieldOf('fortran_order'), fieldOf('shape')];
  if (!DICTIONARY.test(header) || type?.[0] !== "'" || !/^[TF]/.test(order ?? '') || tuple?.[0] !== '(')
    throw damaged(`a header of ${length} bytes is none of an array of numbers`);
  const [, byteOrder, name] = /^'([<>=|]?)(.*)'$/s.exec(type) ?? [];
  const dtype = dtypeOf('npy', name);
  if (dtype === undefined)
    throw new RangeError(
      `${where.decode}: the values are ${shown(type)}; this package reads ${dtypeNames('npy')}, ` +
        `save a.astype('${writtenDtype.npy}')`,
    );
  const { shape, size } = checkedShape(where.decode, (tuple.match(/\d+/g) ?? []).map(Number));
  const expected = dtype.array.BYTES_PER_ELEMENT * size;
  if (bytes.length - start !== expected)
    throw damaged(`${bytes.length - start} bytes of values, where shape [${shortened(String(shape))}] has ${expected}`);
  const { data, inexact } = read(where.decode, dtype, bytes.subarray(start), byteOrder === '>');
  return fileTensor(shape, { data: order === 'True' ? rowMajor(data, shape) : data, inexact });
}

/** Files with one tensor, in NumPy's format: numpy.load reads them, numpy.save writes them. */
export const npy = { encode, decode };
