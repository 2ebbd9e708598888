// The types of values in files, a row each, and their conversion to float32.

import { allocate } from '../check.js';
import type { Tensor } from '../tensor.js';

export interface Dtype {
  /** The type's names in safetensors and, after the byte order, in NumPy's headers. Undefined if the format does not have it. */
  safetensors?: string;
  npy?: string;
  /** The class of arrays with such values, or with their bits if there is `value`. */
  array: { new (buffer: ArrayBuffer): ArrayLike<number | bigint>; readonly BYTES_PER_ELEMENT: number };
  /** The exact value of bits. */
  value?(bits: number): number;
}

const word = /* @__PURE__ */ new Uint32Array(1);
const float = /* @__PURE__ */ (() => new Float32Array(word.buffer))();
/**
 * The value of a narrow float with a sign, an exponent and a mantissa. Its bits are shifted to their places in binary32, and
 * multiplied by `scale`, 2 to the difference of the exponents' biases, which is exact for subnormals too. `infinity` is the
 * code of infinity; above it are NaN.
 */
function narrow(bits: number, width: 8 | 16, mantissa: number, scale: number, infinity: number): number {
  const sign = bits >> (width - 1);
  const code = bits - (sign << (width - 1));
  word[0] = code << (23 - mantissa);
  const size = code < infinity ? float[0] * scale : code === infinity ? Infinity : Number.NaN;
  return sign ? -size : size;
}
const float16 = (bits: number) => narrow(bits, 16, 10, 2 ** 112, 0x7c00);

export const dtypes = {
  float32: { safetensors: 'F32', npy: 'f4', array: Float32Array },
  float64: { safetensors: 'F64', npy: 'f8', array: Float64Array },
  float16: { safetensors: 'F16', npy: 'f2', array: Uint16Array, value: float16 },
  bfloat16: { safetensors: 'BF16', array: Uint16Array, value: (bits) => narrow(bits, 16, 7, 1, 0x7f80) },
  // https://arxiv.org/abs/2209.05433. The first is the upper half of a float16. The second has no infinity, and NaN at 127.
  float8e5m2: { safetensors: 'F8_E5M2', array: Uint8Array, value: (bits) => float16(bits << 8) },
  float8e4m3: { safetensors: 'F8_E4M3', array: Uint8Array, value: (bits) => narrow(bits, 8, 3, 2 ** 120, 126.5) },
  int8: { safetensors: 'I8', npy: 'i1', array: Int8Array },
  int16: { safetensors: 'I16', npy: 'i2', array: Int16Array },
  int32: { safetensors: 'I32', npy: 'i4', array: Int32Array },
  int64: { safetensors: 'I64', npy: 'i8', array: BigInt64Array },
  uint8: { safetensors: 'U8', npy: 'u1', array: Uint8Array },
  uint16: { safetensors: 'U16', npy: 'u2', array: Uint16Array },
  uint32: { safetensors: 'U32', npy: 'u4', array: Uint32Array },
  uint64: { safetensors: 'U64', npy: 'u8', array: BigUint64Array },
  bool: { safetensors: 'BOOL', npy: 'b1', array: Uint8Array, value: (bits) => (bits === 0 ? 0 : 1) },
} satisfies Record<string, Dtype>;

const rows: readonly Dtype[] = /* @__PURE__ */ Object.values(dtypes);

/** The row with a name in a format; undefined if there is none. */
export const dtypeOf = (format: 'safetensors' | 'npy', name: string): Dtype | undefined =>
  rows.find((dtype) => dtype[format] === name);

/** The type in which tensors are written. */
export const writtenDtype = /* @__PURE__ */ (() => dtypes.float32)();
/** A format's names of all its types, for errors. */
export const dtypeNames = (format: 'safetensors' | 'npy') => rows.flatMap((dtype) => dtype[format] ?? []).join(', ');

/**
 * A number that rounds to the same float32 as a value. A whole number beyond 2^53 must not be rounded twice, so its lowest
 * twelve bits become one that says whether any of them was set (rounding to odd).
 */
function single(value: number | bigint): number {
  if (typeof value === 'number') return value;
  const far = value > 2 ** 53 || value < -(2 ** 53);
  return Number(far && (value & 0xfffn) > 0n ? (value | 0xfffn) ^ 0x7ffn : value);
}

/**
 * Converts bytes of a file, at any offset, to float32 in a new array. `inexact` counts the values that float32 cannot
 * represent; they are rounded to the nearest. The bits of float32 do not change; NaN of other types is 0x7fc00000.
 */
export function read(
  where: string,
  { array, value }: Dtype,
  bytes: Uint8Array,
  bigEndian = false,
): { data: Float32Array; inexact: number } {
  const copy = bytes.slice();
  const size = array.BYTES_PER_ELEMENT;
  if (bigEndian)
    for (let from = 0; from < copy.length; from += size)
      for (let i = from, j = from + size - 1; i < j; i++, j--) [copy[i], copy[j]] = [copy[j], copy[i]];
  const values = new array(copy.buffer as ArrayBuffer);
  if (array === Float32Array) return { data: values as Float32Array, inexact: 0 };
  const data = allocate(where, values.length, Float32Array);
  const words = new Uint32Array(data.buffer);
  let inexact = 0;
  for (let i = 0; i < data.length; i++) {
    const exact = value === undefined ? values[i] : value(values[i] as number);
    data[i] = single(exact);
    // Engines, and the tiers of one, differ in the bits of a NaN that they store.
    if (Number.isNaN(data[i])) words[i] = 0x7fc00000;
    // Both are false for NaN. A number and a bigint are compared exactly.
    if (data[i] < exact || data[i] > exact) inexact++;
  }
  return { data, inexact };
}

/** The bytes of float32 values, on the same memory. */
export const bytesOfValues = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A tensor that was read from a file. */
export interface FileTensor extends Tensor {
  /** How many of the file's values float32 cannot represent, which are rounded. Undefined if there are none. */
  readonly inexact?: number | undefined;
}

/** A tensor of what `read` returned. */
export const fileTensor = (shape: number[], { data, inexact }: ReturnType<typeof read>): FileTensor => ({
  shape: Object.freeze(shape),
  data,
  ...(inexact > 0 && { inexact }),
});
