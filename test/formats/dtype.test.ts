// Every row of the table of the types of values in files.

import { describe, expect, test } from 'vitest';
import { bytesOfValues, type Dtype, dtypeOf, dtypes, read } from '../../src/formats/dtype.js';
import { hash, noise, sweep } from '../oracle.js';

const rows = Object.entries(dtypes as Record<string, Dtype>);
const formats = ['safetensors', 'npy'] as const;
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);
const reading = (name: keyof typeof dtypes, values: ArrayBufferView) => read('test', dtypes[name], bytesOf(values));

test.each(rows)('%s is found by its names, and no row has the same', (_, dtype) => {
  for (const format of formats) {
    const name = dtype[format];
    if (name === undefined) continue;
    expect(dtypeOf(format, name)).toBe(dtype);
    expect(rows.filter(([, other]) => other[format] === name).length).toBe(1);
  }
});

test('an unknown name has no row, nor has a name that every object has', () => {
  for (const format of formats)
    for (const name of ['float99', '', 'constructor', 'toString', '__proto__'])
      expect(dtypeOf(format, name)).toBe(undefined);
});

test.each(rows)('%s is read at any offset, in both orders of bytes, into memory of its own', (_, dtype) => {
  const size = dtype.array.BYTES_PER_ELEMENT;
  const bytes = bytesOf(noise(3, 100)).slice(0, 80);
  const odd = new Uint8Array(bytes.length + 3);
  odd.set(bytes, 3);
  const before = hash(odd);
  const { data, inexact } = read('test', dtype, bytes);
  expect(data.length).toBe(80 / size);
  const back = read('test', dtype, odd.subarray(3));
  expect([hash(back.data), back.inexact]).toEqual([hash(data), inexact]);
  expect(back.data.buffer).not.toBe(odd.buffer);
  for (let from = 3; from < odd.length; from += size) odd.subarray(from, from + size).reverse();
  const big = read('test', dtype, odd.subarray(3), true);
  expect([hash(big.data), big.inexact]).toEqual([hash(data), inexact]);
  for (let from = 3; from < odd.length; from += size) odd.subarray(from, from + size).reverse();
  expect(hash(odd)).toBe(before);
  expect(read('test', dtype, new Uint8Array(0))).toEqual({ data: new Float32Array(0), inexact: 0 });
});

test.each(rows.filter(([name]) => /float/.test(name) && name !== 'float32'))(
  'every NaN of %s has the same bits',
  (_, dtype) => {
    // Ones everywhere, and the same with the sign 0.
    const bytes = new Uint8Array(64).fill(0xff);
    bytes[dtype.array.BYTES_PER_ELEMENT - 1] = 0x7f;
    const { data } = read('test', dtype, bytes);
    expect(new Set(new Uint32Array(data.buffer))).toEqual(new Set([0x7fc00000]));
  },
);

test('float32 keeps its bits, those of NaN too', () => {
  const bits = Uint32Array.of(0x7fc00000, 0x7f800001, 0xffc12345, 0x7fffffff, 0xff800000, 0x80000000, 1);
  for (const values of [sweep(), bits]) {
    const { data, inexact } = reading('float32', values);
    expect([hash(data), inexact]).toEqual([hash(values), 0]);
    expect(hash(bytesOfValues(data))).toBe(hash(values));
  }
});

/** A float by the formula of IEEE 754, where the highest exponent has infinity and NaN. */
function ieee(bits: number, exponents: number, mantissas: number, special = true): number {
  const [m, e] = [bits % 2 ** mantissas, Math.floor(bits / 2 ** mantissas) % 2 ** exponents];
  const sign = bits >= 2 ** (mantissas + exponents) ? -1 : 1;
  const bias = 2 ** (exponents - 1) - 1;
  if (special && e === 2 ** exponents - 1) return m === 0 ? sign * Infinity : Number.NaN;
  return sign * (e === 0 ? (m / 2 ** mantissas) * 2 ** (1 - bias) : (1 + m / 2 ** mantissas) * 2 ** (e - bias));
}

describe('narrow floats', () => {
  const all16 = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const all8 = Uint8Array.from({ length: 256 }, (_, i) => i);
  test.each<[keyof typeof dtypes, Uint16Array | Uint8Array, (bits: number) => number]>([
    ['float16', all16, (bits) => ieee(bits, 5, 10)],
    ['bfloat16', all16, (bits) => ieee(bits, 8, 7)],
    ['float8e5m2', all8, (bits) => ieee(bits, 5, 2)],
    ['float8e4m3', all8, (bits) => (bits % 128 === 127 ? Number.NaN : ieee(bits, 4, 3, false))],
  ])('%s: every pattern of bits has the value of the formula, and float32 has it', (name, patterns, formula) => {
    const { data, inexact } = reading(name, patterns);
    expect(inexact).toBe(0);
    const wrong = Array.from(patterns).filter((bits) => !Object.is(data[bits], formula(bits)));
    expect(wrong).toEqual([]);
  });
});

/** The float32 nearest to a whole number, of two the even one, by arithmetic on whole numbers. */
function nearest(value: bigint): number {
  const size = value < 0n ? -value : value;
  const shift = BigInt(Math.max(0, size.toString(2).length - 24));
  const [kept, rest, half] = [size >> shift, size & ((1n << shift) - 1n), shift > 0n ? 1n << (shift - 1n) : 1n];
  const up = shift > 0n && (rest > half || (rest === half && kept % 2n === 1n)) ? 1n : 0n;
  return (value < 0n ? -1 : 1) * Number((kept + up) << shift) + 0;
}

describe('whole numbers', () => {
  /** What lies around each power of two and between, and ties of float32 with a bit more and less. */
  const around = (bits: bigint, signed: boolean): bigint[] => {
    const [least, most] = signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
    const found = new Set([least, least + 1n, most, most - 1n]);
    for (let p = 0n; p <= bits; p++)
      for (let q = 0n; q <= p; q++)
        for (const d of [-1n, 0n, 1n])
          for (const s of [-1n, 1n]) {
            const value = s * ((1n << p) + (1n << q) + d);
            if (value >= least && value <= most) found.add(value);
          }
    return [...found];
  };
  const kinds = { int: [Int8Array, Int16Array, Int32Array], uint: [Uint8Array, Uint16Array, Uint32Array] };
  test.each(
    [8, 16, 32, 64].flatMap((bits) => [
      [`int${bits}`, bits],
      [`uint${bits}`, bits],
    ]) as [keyof typeof dtypes, number][],
  )('%s: what float32 has is exact, the rest is nearest and counted', (name, bits) => {
    const signed = name.startsWith('int');
    const values = around(BigInt(bits), signed);
    const stored =
      bits === 64
        ? (signed ? BigInt64Array : BigUint64Array).from(values)
        : kinds[signed ? 'int' : 'uint'][Math.log2(bits) - 3].from(values.map(Number));
    const { data, inexact } = reading(name, stored);
    const wrong = values.filter((value, i) => !Object.is(data[i], nearest(value)));
    expect(wrong).toEqual([]);
    expect(inexact).toBe(values.filter((value) => BigInt(nearest(value)) !== value).length);
    if (bits < 32) expect(inexact).toBe(0);
  });

  test('2^24 + 1 is the first that is rounded', () => {
    const { data, inexact } = reading('int32', Int32Array.of(2 ** 24 - 1, 2 ** 24, 2 ** 24 + 1, 2 ** 24 + 2));
    expect([...data]).toEqual([16777215, 16777216, 16777216, 16777218]);
    expect(inexact).toBe(1);
  });
});

test('float64 is rounded as binary32 is, and counted where that loses digits', () => {
  const kept = [0, -0, 1, -1.5, 2 ** -149, 3.4028234663852886e38, Infinity, -Infinity, Number.NaN, 2 ** 100];
  const lost = [0.1, -0.1, Math.PI, 1e39, -1e300, 1e-46, 5e-324, 2 ** 24 + 1, 1 + 2 ** -24, 1 + 2 ** -24 + 2 ** -52];
  const values = Float64Array.of(...kept, ...lost);
  const { data, inexact } = reading('float64', values);
  expect([...data]).toEqual([...values].map(Math.fround));
  expect(inexact).toBe(lost.length);
  expect(reading('float64', Float64Array.from(sweep())).inexact).toBe(0);
});

test('what is not 0 is true', () => {
  expect([...reading('bool', Uint8Array.of(0, 1, 2, 255)).data]).toEqual([0, 1, 1, 1]);
  expect(reading('bool', Uint8Array.of(0, 1, 2, 255)).inexact).toBe(0);
});
