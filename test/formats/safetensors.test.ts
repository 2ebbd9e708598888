// Files of safetensors: written, read, and refused where they are wrong.

import { describe, expect, test } from 'vitest';
import { safetensors, type Tensor, tensor } from '../../src/index.js';
import { hash, noise } from '../oracle.js';

/** Tensors of several shapes, names and special values. */
const examples = (): Record<string, Tensor> => ({
  'fc1.weight': tensor([3, 5], noise(1, 15)),
  'fc1.bias': tensor([3], noise(2, 3)),
  scalar: tensor([], Float32Array.of(7)),
  empty: tensor([0, 4]),
  'naïve ✓': tensor([2, 1, 2], Float32Array.of(-0, 1e-45, Infinity, Number.NaN)),
  7: tensor([1], Float32Array.of(3)),
});

/** A file with a header and a number of bytes of values. */
function file(header: unknown, size = 0, { length }: { length?: bigint } = {}): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + size);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}
/** A header with two entries; that of a tensor of no values; and one with lists and objects in one another, n deep. */
const twice = (a: string, b: string) => `{${a},${b}}`;
const empty = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
const deep = (n: number) =>
  `{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"more":${'['.repeat(n - 2)}1${']'.repeat(n - 2)}}}`;
const entry = (shape: number[], from: number, to: number) => ({ dtype: 'F32', shape, data_offsets: [from, to] });

describe('safetensors', () => {
  test('what was written is read again, at any offset in memory', () => {
    const bytes = safetensors.encode(examples(), { metadata: { format: 'pt', about: '' } });
    const [odd, view] = [new Uint8Array(bytes.length + 3), new DataView(bytes.buffer)];
    odd.set(bytes, 3);
    for (const given of [bytes, bytes.buffer as ArrayBuffer, odd.subarray(3), view as never]) {
      const { tensors, metadata } = safetensors.decode(given);
      expect(tensors).toEqual(examples());
      expect(metadata).toEqual({ format: 'pt', about: '' });
      for (const [name, { data }] of Object.entries(examples())) expect(hash(tensors[name].data)).toBe(hash(data));
    }
  });

  test('the bytes are laid out as the format says', () => {
    const bytes = safetensors.encode({ a: tensor([2], Float32Array.of(1, 2)), b: tensor([1, 1], Float32Array.of(3)) });
    const view = new DataView(bytes.buffer);
    const length = Number(view.getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      a: entry([2], 0, 8),
      b: entry([1, 1], 8, 12),
    });
    expect([0, 4, 8].map((at) => view.getFloat32(8 + length + at, true))).toEqual([1, 2, 3]);
    expect(bytes.length).toBe(8 + length + 12);
    expect(safetensors.decode(safetensors.encode({}))).toEqual({ tensors: {}, metadata: {} });
  });

  test('values may be in another order than their names, with spaces around the header', () => {
    const header = ` ${JSON.stringify({ second: entry([1], 4, 8), first: entry([1], 0, 4) })}   `;
    const bytes = file(header, 8);
    new DataView(bytes.buffer).setFloat32(bytes.length - 4, 5, true);
    expect(safetensors.decode(bytes).tensors.second.data[0]).toBe(5);
  });

  test.each([
    ['spaces around the header', file('\t\n\r {} \t\r\n')],
    ['no metadata but a null', file('{"__metadata__":null}')],
  ])('%s is read, as the reference implementation does', (_, bytes) => {
    expect(safetensors.decode(bytes)).toEqual({ tensors: {}, metadata: {} });
  });

  test('what an entry says beside its type, shape and place is not read, 127 deep', () => {
    expect(safetensors.decode(file(deep(127))).tensors.a.shape).toEqual([0]);
    const more = `{"a":{"dtype":"F32","x":[true,false,null,-1.5e-3,"\\ud83d\\ude00\\"",{}],"shape":[0],"data_offsets":[0,0]}}`;
    expect(Object.keys(safetensors.decode(file(more)).tensors)).toEqual(['a']);
  });

  test('tensors of no values may stand between others, at any end', () => {
    const header = {
      a: entry([1], 0, 4),
      none: entry([0, 2 ** 50], 4, 4),
      b: entry([1], 4, 8),
      last: entry([3, 0], 8, 8),
    };
    const { tensors } = safetensors.decode(file(header, 8));
    expect(Object.values(tensors).map(({ shape }) => shape)).toEqual([[1], [0, 2 ** 50], [1], [3, 0]]);
    expect(() => safetensors.decode(file({ ...header, last: entry([0], 2, 2) }, 8))).toThrow(/last begins at 2/);
  });

  const stored = (dtype: string, values: ArrayBufferView) => {
    const bytes = file({ a: { dtype, shape: [2], data_offsets: [0, values.byteLength] } }, values.byteLength);
    bytes.set(new Uint8Array(values.buffer), bytes.length - values.byteLength);
    return bytes;
  };
  test.each<[string, ArrayBufferView, number[], number?]>([
    ['F16', Uint16Array.of(0x3e00, 0xc000), [1.5, -2]],
    ['BF16', Uint16Array.of(0x3fc0, 0xc000), [1.5, -2]],
    ['F8_E5M2', Uint8Array.of(0x3e, 0xc0), [1.5, -2]],
    ['F8_E4M3', Uint8Array.of(0x3c, 0xc0), [1.5, -2]],
    ['F64', Float64Array.of(0.1, -2), [Math.fround(0.1), -2], 1],
    ['I64', BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n), [-(2 ** 63), 2 ** 53], 1],
    ['U64', BigUint64Array.of(2n ** 64n - 1n, 7n), [2 ** 64, 7], 1],
    ['I32', Int32Array.of(-(2 ** 31), 2 ** 31 - 1), [-(2 ** 31), 2 ** 31], 1],
    ['U32', Uint32Array.of(2 ** 32 - 1, 3), [2 ** 32, 3], 1],
    ['I16', Int16Array.of(-32768, 32767), [-32768, 32767]],
    ['U16', Uint16Array.of(65535, 1), [65535, 1]],
    ['I8', Int8Array.of(-128, 127), [-128, 127]],
    ['U8', Uint8Array.of(255, 0), [255, 0]],
    ['BOOL', Uint8Array.of(0, 1), [0, 1]],
  ])('%s becomes float32', (dtype, values, expected, inexact) => {
    const a = { shape: [2], data: Float32Array.from(expected), ...(inexact && { inexact }) };
    expect(safetensors.decode(stored(dtype, values)).tensors).toEqual({ a });
    // A tensor that was read can be written.
    expect(safetensors.decode(safetensors.encode({ a })).tensors.a).toEqual({ shape: a.shape, data: a.data });
  });

  test('only: names or a function leave tensors out, which may be of any type', () => {
    const header = {
      b: entry([1], 4, 8),
      a: entry([1], 0, 4),
      odd: { dtype: 'C64', shape: [1], data_offsets: [8, 16] },
    };
    const bytes = file(header, 16);
    const keys = (only?: never) => Object.keys(safetensors.decode(bytes, { only }).tensors);
    expect(() => keys()).toThrow(/odd is C64/);
    expect(keys(['a', 'b'] as never)).toEqual(['b', 'a']);
    expect(keys(['a', 'a'] as never)).toEqual(['a']);
    expect(keys([] as never)).toEqual([]);
    expect(keys(((name: string) => name !== 'odd') as never)).toEqual(['b', 'a']);
    expect(() => keys(['odd'] as never)).toThrow(/odd is C64/);
    expect(() => keys(['c'] as never)).toThrow(
      /^safetensors.decode: only has the string "c", which the file lacks; it has b, a, odd$/,
    );
    expect(() => keys([3] as never)).toThrow(/only has 3, which the file lacks/);
    expect(() => keys('a' as never)).toThrow(/only is the string "a"; pass names, or a function of a name/);
    expect(() => safetensors.decode(bytes, { names: ['a'] } as never)).toThrow(/unknown option names; there are only/);
    // What is left out still has a place.
    expect(() => safetensors.decode(file(header, 20), { only: ['a'] })).toThrow(/20 bytes of values, of which 16/);
    expect(() => safetensors.decode(file({ ...header, a: entry([2], 0, 4) }, 16), { only: ['b'] })).toThrow(
      /a of shape/,
    );
  });

  test('a name such as __proto__ is a name', () => {
    const bytes = file(
      `{"__proto__":${JSON.stringify(entry([1], 0, 4))},"toString":${JSON.stringify(entry([1], 4, 8))}}`,
      8,
    );
    const { tensors } = safetensors.decode(bytes);
    expect(Object.keys(tensors)).toEqual(['__proto__', 'toString']);
    expect(({} as Record<string, unknown>).shape).toBe(undefined);
    const odd = JSON.parse('{"__proto__":{"polluted":"yes"}}');
    expect(safetensors.decode(file({ __metadata__: {} })).metadata).toEqual({});
    expect(() =>
      safetensors.decode(file(JSON.stringify({ __metadata__: odd }).replace('{}', '{"__proto__":{}}'))),
    ).toThrow(/metadata are no texts/);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /0 bytes have no room for a header/],
    ['seven bytes', new Uint8Array(7), /7 bytes have no room/],
    ['a header longer than the file', file({}, 0, { length: 100n }), /the header has 100, where the file has 10/],
    ['a header of 2^63 bytes', file({}, 0, { length: 1n << 63n }), /the header has 9223372036854775808/],
    ['a header that is not JSON', file('{"a":'), /the header is no JSON/],
    [
      'a header that is not UTF-8',
      (() => {
        const b = file('{"ab":1}');
        b[10] = 0xff;
        return b;
      })(),
      /the header is no UTF-8/,
    ],
    ['a byte order mark', file(`\ufeff{}`), /the header is no JSON/],
    ['a header that is an array', file([]), /the header is the array \[\], no object/],
    ['a header that is null', file('null'), /the header is null/],
    ['an entry that is a number', file({ a: 3 }), /a is 3, no object/],
    ['no dtype', file({ a: { shape: [], data_offsets: [0, 4] } }, 4), /a has no type/],
    [
      'an unknown dtype',
      file({ a: { dtype: 'C64', shape: [1], data_offsets: [0, 8] } }, 8),
      /: a is C64; this package reads F32, F64, F16, BF16, .*, BOOL, store it as F32 or leave it out$/,
    ],
    [
      'another size than that of a type',
      file({ a: { ...entry([2], 0, 8), dtype: 'F16' } }, 8),
      /a of shape \[2\] stands/,
    ],
    [
      'an unknown dtype, of less than nothing',
      file({ a: { ...entry([1], 4, 0), dtype: 'F4' } }, 4),
      /stands from 4 to 0/,
    ],
    [
      'a shape that is a string',
      file({ a: { dtype: 'F32', shape: 'x', data_offsets: [0, 4] } }, 4),
      /a has the shape the string "x"/,
    ],
    ['a negative shape', file({ a: entry([-1], 0, 4) }, 4), /a has the shape the array \[-1\]/],
    ['a fractional shape', file({ a: entry([1.5], 0, 6) }, 6), /a has the shape/],
    ['a shape of more than 2^64 values', file({ a: entry([2 ** 40, 2 ** 40], 0, 4) }, 4), /stands from 0 to 4 of 4/],
    ['one of more than 2^64 values before a 0', file({ a: entry([2 ** 40, 2 ** 40, 0], 0, 0) }), /stands from 0 to 0/],
    ['a length with a point', file('{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}', 4), /a has the shape/],
    [
      'a length with an exponent',
      file('{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}', 4),
      /a has the shape/,
    ],
    ['a length of -0', file('{"a":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}'), /a has the shape/],
    ['an offset with a point', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4.0]}}', 4), /a stands at/],
    ['three offsets', file({ a: { ...entry([1], 0, 4), data_offsets: [0, 4, 4] } }, 4), /a stands at the array/],
    ['a number beyond binary64', file('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,0],"b":1e999}}'), /is no JSON/],
    ['half a character', file('{"\\ud800":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'), /is no JSON/],
    ['a control character', file('{"a\n":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'), /is no JSON/],
    ['bytes after the header', file('{}\0'), /is no JSON/],
    ['an empty header', file(''), /is no JSON/],
    ['spaces alone', file('   '), /is no JSON/],
    ['a comma too many', file('{"__metadata__":{"a":"b",}}'), /is no JSON/],
    ['a name without quotes', file('{a:{}}'), /is no JSON/],
    ['a header of 128 objects in one another', file(deep(128)), /the header nests more than 127 deep/],
    ['no offsets', file({ a: { dtype: 'F32', shape: [1] } }, 4), /a stands at undefined/],
    ['offsets in reverse', file({ a: entry([1], 4, 0) }, 4), /a of shape \[1\] stands from 4 to 0/],
    ['an offset beyond the end', file({ a: entry([2], 0, 8) }, 4), /stands from 0 to 8 of 4 bytes/],
    ['another size than that of the shape', file({ a: entry([2], 0, 4) }, 4), /a of shape \[2\] stands from 0 to 4/],
    ['two at one offset', file({ a: entry([1], 0, 4), b: entry([1], 0, 4) }, 4), /b begins at 0, where 4 is next/],
    ['two that overlap', file({ a: entry([2], 0, 8), b: entry([1], 4, 8) }, 8), /b begins at 4, where 8 is next/],
    ['a gap', file({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12), /b begins at 8, where 4 is next/],
    ['bytes of no tensor', file({ a: entry([1], 0, 4) }, 8), /8 bytes of values, of which 4 have a name/],
    ['a truncated file', safetensors.encode(examples()).subarray(0, -1), /stands from|bytes of values/],
    [
      'the same name twice',
      file(`{"a":${JSON.stringify(entry([1], 0, 4))},"a":${JSON.stringify(entry([1], 4, 8))}}`, 8),
      /: a is in the header twice; the file is damaged/,
    ],
    ['an empty tensor twice', file(twice(`"a":${empty}`, `"a":${empty}`)), /a is in the header twice/],
    [
      'one name twice, spelled otherwise',
      file(twice(`"a":${empty}`, `"\\u0061":${empty}`)),
      /a is in the header twice/,
    ],
    [
      '__proto__ twice',
      file(twice(`"__proto__":${empty}`, `"__proto__":${empty}`)),
      /__proto__ is in the header twice/,
    ],
    ['metadata twice', file(twice('"__metadata__":{}', '"__metadata__":{}')), /__metadata__ is in the header twice/],
    ['a metadatum twice', file(`{"__metadata__":${twice('"x":"1"', '"x":"2"')}}`), /x is in the header twice/],
    [
      'a type twice',
      file('{"a":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}}'),
      /dtype is in the header twice/,
    ],
    ['a long name twice', file(twice(`"${'x'.repeat(1e6)}":1`, `"${'x'.repeat(1e6)}":1`)), /: x{60}… is in the header/],
    ['a name that ends the line', file({ 'a\n\u202e': 3 }), /^safetensors.decode: "a\\n\u202e" is 3, no object; the/],
    ['a name of nothing', file({ '': 3 }), /^safetensors.decode: "" is 3, no object; the/],
    ['a scalar of another size', file({ a: entry([], 0, 8) }, 8), /a of shape \[\] stands from 0 to 8 of 8/],
    ['metadata that are not strings', file({ __metadata__: { a: 1 } }), /its metadata are no texts/],
  ])('%s is an error', (_, bytes, message) => {
    expect(() => safetensors.decode(bytes)).toThrow(RangeError);
    expect(() => safetensors.decode(bytes)).toThrow(message);
  });

  test('what cannot be written is an error', () => {
    expect(() => safetensors.encode(null as never)).toThrow(/tensors is null; pass an object/);
    expect(() => safetensors.encode({ a: Float32Array.of(1) as never })).toThrow(
      /a is a Float32Array of 1; pass a tensor/,
    );
    expect(() => safetensors.encode({ __metadata__: tensor([1]) })).toThrow(/is no name/);
    expect(() => safetensors.encode({}, { metadata: { a: 1 } as never })).toThrow(/metadata.a is 1; pass texts/);
    expect(() => safetensors.encode({ '\ud800': tensor([1]) })).toThrow(
      /"\\ud800" has half of a surrogate pair; pass a well-formed text$/,
    );
    expect(() => safetensors.encode({}, { metadata: { a: '\udc00' } })).toThrow(/has half of a surrogate pair/);
    expect(() => safetensors.encode({}, { metadata: { '\ud83d': '\ude00' } })).toThrow(/has half of a surrogate pair/);
    expect(() => safetensors.decode('x' as never)).toThrow(/bytes is the string "x"; pass a Uint8Array/);
  });
});
