import { describe, expect, test } from 'vitest';
import { nn, npy, random, safetensors, type Tensor, tensor } from '../../src/index.js';
import { hash, noise } from '../oracle.js';

const some = (): Record<string, Tensor> => ({
  'fc1.weight': tensor([3, 5], noise(1, 15)),
  'fc1.bias': tensor([3], noise(2, 3)),
  scalar: tensor([], Float32Array.of(7)),
  empty: tensor([0, 4]),
  'naïve ✓': tensor([2, 1, 2], Float32Array.of(-0, 1e-45, Infinity, Number.NaN)),
  7: tensor([1], Float32Array.of(3)),
});

/** A file of any header and so many bytes of values. */
function file(header: unknown, size = 0, { length }: { length?: bigint } = {}): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + size);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}
const entry = (shape: number[], from: number, to: number) => ({ dtype: 'F32', shape, data_offsets: [from, to] });

describe('safetensors', () => {
  test('what goes in comes out, at any place in memory', () => {
    const bytes = safetensors.encode(some(), { metadata: { format: 'pt', about: '' } });
    const [odd, view] = [new Uint8Array(bytes.length + 3), new DataView(bytes.buffer)];
    odd.set(bytes, 3);
    for (const given of [bytes, bytes.buffer as ArrayBuffer, odd.subarray(3), view as never]) {
      const { tensors, metadata } = safetensors.decode(given);
      expect(tensors).toEqual(some());
      expect(metadata).toEqual({ format: 'pt', about: '' });
      for (const [name, { data }] of Object.entries(some())) expect(hash(tensors[name].data)).toBe(hash(data));
    }
  });

  test('the layout is the format’s, read by twenty lines of one’s own', () => {
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

  test('values may stand in another order than their names, and spaces around', () => {
    const header = ` ${JSON.stringify({ second: entry([1], 4, 8), first: entry([1], 0, 4) })}   `;
    const bytes = file(header, 8);
    new DataView(bytes.buffer).setFloat32(bytes.length - 4, 5, true);
    expect(safetensors.decode(bytes).tensors.second.data[0]).toBe(5);
  });

  test('a name that JavaScript has its own use for is a name', () => {
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
    ['nothing', new Uint8Array(0), /0 bytes have no room for a header/],
    ['seven bytes', new Uint8Array(7), /7 bytes have no room/],
    ['a header longer than the file', file({}, 0, { length: 100n }), /the header has 100, where the file has 10/],
    ['a header of 2^63 bytes', file({}, 0, { length: 1n << 63n }), /the header has 9223372036854775808/],
    ['no JSON', file('{"a":'), /the header is no JSON/],
    [
      'no UTF-8',
      (() => {
        const b = file('{"ab":1}');
        b[10] = 0xff;
        return b;
      })(),
      /the header is no JSON/,
    ],
    ['a mark before the header', file(`\ufeff{}`), /the header is no JSON/],
    ['a list', file([]), /the header is the array \[\], no object/],
    ['null', file('null'), /the header is null/],
    ['an entry that is none', file({ a: 3 }), /a is 3, no object/],
    ['no type', file({ a: { shape: [], data_offsets: [0, 4] } }, 4), /a has no type/],
    [
      'another type',
      file({ a: { dtype: 'BF16', shape: [1], data_offsets: [0, 2] } }, 2),
      /a is BF16; this package has float32/,
    ],
    [
      'a shape that is none',
      file({ a: { dtype: 'F32', shape: 'x', data_offsets: [0, 4] } }, 4),
      /a has the shape the string "x"/,
    ],
    ['a negative shape', file({ a: entry([-1], 0, 4) }, 4), /a has the shape the array \[-1\]/],
    ['a broken shape', file({ a: entry([1.5], 0, 6) }, 6), /a has the shape/],
    ['a shape beyond numbers', file({ a: entry([2 ** 40, 2 ** 40], 0, 4) }, 4), /more than 2\^53 values/],
    ['no place', file({ a: { dtype: 'F32', shape: [1] } }, 4), /a stands at undefined/],
    ['a place backwards', file({ a: entry([1], 4, 0) }, 4), /a of shape \[1\] stands from 4 to 0/],
    ['a place behind the end', file({ a: entry([2], 0, 8) }, 4), /stands from 0 to 8 of 4 bytes/],
    ['another size than the shape', file({ a: entry([2], 0, 4) }, 4), /a of shape \[2\] stands from 0 to 4/],
    ['two in one place', file({ a: entry([1], 0, 4), b: entry([1], 0, 4) }, 4), /b begins at 0, where 4 is next/],
    ['two that overlap', file({ a: entry([2], 0, 8), b: entry([1], 4, 8) }, 8), /b begins at 4, where 8 is next/],
    ['a hole', file({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12), /b begins at 8, where 4 is next/],
    ['bytes without a name', file({ a: entry([1], 0, 4) }, 8), /8 bytes of values, of which 4 have a name/],
    ['cut off', safetensors.encode(some()).subarray(0, -1), /stands from|bytes of values/],
    [
      'the same name twice',
      file(`{"a":${JSON.stringify(entry([1], 0, 4))},"a":${JSON.stringify(entry([1], 4, 8))}}`, 8),
      /a begins at 4, where 0 is next/,
    ],
    ['metadata that are no texts', file({ __metadata__: { a: 1 } }), /its metadata are no texts/],
  ])('%s is an error', (_, bytes, message) => {
    expect(() => safetensors.decode(bytes)).toThrow(RangeError);
    expect(() => safetensors.decode(bytes)).toThrow(message);
  });

  test('what cannot be written is said', () => {
    expect(() => safetensors.encode(null as never)).toThrow(/tensors is null; pass an object/);
    expect(() => safetensors.encode({ a: Float32Array.of(1) as never })).toThrow(
      /a is a Float32Array of 1; pass a tensor/,
    );
    expect(() => safetensors.encode({ __metadata__: tensor([1]) })).toThrow(/is no name/);
    expect(() => safetensors.encode({}, { metadata: { a: 1 } as never })).toThrow(/metadata.a is 1; pass texts/);
    expect(() => safetensors.decode('x' as never)).toThrow(/bytes is the string "x"; pass a Uint8Array/);
  });
});

describe('npy', () => {
  test.each([[[]], [[0]], [[5]], [[2, 3]], [[2, 0, 3]], [[1, 2, 3, 4]]])('shape %o goes in and comes out', (shape) => {
    const made = tensor(
      shape,
      noise(
        3,
        shape.reduce((a, b) => a * b, 1),
      ),
    );
    const bytes = npy.encode(made);
    expect(npy.decode(bytes)).toEqual(made);
    expect(bytes.length % 64).toBe((4 * made.data.length) % 64);
    const odd = new Uint8Array(bytes.length + 1);
    odd.set(bytes, 1);
    expect(npy.decode(odd.subarray(1))).toEqual(made);
  });

  const text = (header: string, size: number, version = 1) => {
    const bytes = new Uint8Array(10 + header.length + size);
    bytes.set([0x93, 78, 85, 77, 80, 89, version, 0]);
    new DataView(bytes.buffer).setUint16(8, header.length, true);
    bytes.set(new TextEncoder().encode(header), 10);
    return bytes;
  };
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  test('a file as NumPy writes it, and one of version 2', () => {
    expect(npy.decode(text(`${header}      \n`, 24)).shape).toEqual([2, 3]);
    const two = text(`__${header}\n`, 24, 2);
    new DataView(two.buffer).setUint32(8, header.length + 1, true);
    expect(npy.decode(two).shape).toEqual([2, 3]);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /does not begin as NumPy’s files do/],
    ['another magic', text(header, 24).fill(0, 0, 1), /does not begin/],
    ['version 4', text(header, 24, 4), /its version is 4/],
    ['a header longer than the file', text(header, 24).subarray(0, 40), /a header of 59 bytes in a file of 40/],
    ['doubles', text(header.replace('<f4', '<f8'), 48), /the values are '<f8'; this package has float32/],
    ['big-endian', text(header.replace('<f4', '>f4'), 24), /the values are '>f4'/],
    ['columns first', text(header.replace('False', 'True'), 24), /columns come first/],
    ['objects', text(header.replace("'<f4'", "'|O'"), 24), /the values are '\|O'/],
    ['no shape', text("{'descr': '<f4', 'fortran_order': False, }", 24), /its header is none of an array/],
    [
      'code',
      text("{'descr': '<f4', 'fortran_order': False, 'shape': (exit(),), }", 24),
      /its header is none of an array/,
    ],
    ['digits without end', text(header.replace('2, 3', `${'1'.repeat(4000)}x`), 24), /its header is none/],
    ['numbers without end', text(header.replace('2, 3', `${'1 '.repeat(2000)}x`), 24), /its header is none/],
    ['numbers without commas', text(header.replace('2, 3', '2 3'), 24), /its header is none/],
    ['a tuple of one without its comma', text(header.replace('2, 3', '6'), 24), /its header is none/],
    ['pairs without commas', text(header.replaceAll(", '", " '"), 24), /its header is none/],
    ['a negative length', text(header.replace('2, 3', '-2, 3'), 24), /its header is none/],
    ['too few values', text(header, 20), /20 bytes of values, where shape \[2,3\] has 24/],
    ['too many values', text(header, 28), /28 bytes of values/],
    ['a shape beyond numbers', text(header.replace('2, 3', '9999999999, 9999999999'), 24), /more than 2\^53/],
  ])('%s is an error', (_, bytes, message) => {
    expect(() => npy.decode(bytes)).toThrow(RangeError);
    expect(() => npy.decode(bytes)).toThrow(message);
  });
});

describe('a model in a file', () => {
  const make = (seed: number, width = 8) =>
    nn.sequential([
      nn.linear(4, width, { seed, activation: 'relu' }),
      nn.prelu(width),
      nn.linear(width, 3, { seed: seed + 1 }),
    ]);
  const hashes = (model: ReturnType<typeof make>) =>
    Object.values(model.parameters).map(({ data }) => hash(data.slice()));

  test('it comes back to the bit, with names as in a state_dict', () => {
    const [model, other] = [make(1), make(5)];
    const bytes = nn.save(model, { metadata: { epoch: '3' } });
    expect(Object.keys(safetensors.decode(bytes).tensors)).toEqual([
      '0.weight',
      '0.bias',
      '1.weight',
      '2.weight',
      '2.bias',
    ]);
    expect(nn.load(bytes, other)).toEqual({ epoch: '3' });
    expect(hashes(other)).toEqual(hashes(model));
    const x = random.philox(1).normal(4 * 10);
    expect(other.forward(x)).toEqual(model.forward(x));
  });

  const tensors = (model: ReturnType<typeof make>) =>
    Object.fromEntries(
      Object.entries(model.parameters).map(([name, { shape, data }]) => [name, tensor(shape, data.slice())]),
    );
  test.each<[string, (t: Record<string, Tensor>) => Record<string, Tensor>, RegExp]>([
    ['a name lacks', ({ '2.bias': _, ...t }) => t, /: the file lacks 2.bias; make a model/],
    ['a name too many', (t) => ({ ...t, extra: tensor([1]) }), /: the model lacks extra; make a model/],
    [
      'a name of every object',
      (t) => ({ ...t, constructor: tensor([1]) }) as never,
      /: the model lacks constructor; make/,
    ],
    ['another width', () => tensors(make(1, 9)), /0.weight is \[9,4\] in the file and \[8,4\] in the model/],
    ['another shape of as many', (t) => ({ ...t, '0.weight': tensor([4, 8]) }), /0.weight is \[4,8\] in the file/],
    [
      'NaN',
      (t) => {
        t['2.weight'].data[5] = Number.NaN;
        return t;
      },
      /2.weight\[5\] is NaN; a model of such numbers/,
    ],
    [
      'infinity',
      (t) => {
        t['0.bias'].data[0] = -Infinity;
        return t;
      },
      /0.bias\[0\] is -Infinity/,
    ],
  ])('%s: an error, and the model as it was', (_, change, message) => {
    const model = make(2);
    const before = hashes(model);
    expect(() => nn.load(safetensors.encode(change(tensors(make(1)))), model)).toThrow(message);
    expect(hashes(model)).toEqual(before);
  });

  test('what is wrong is said', () => {
    expect(() => nn.save({} as never)).toThrow(/nn.save: model is an object; pass one made by nn.sequential/);
    expect(() => nn.load(new Uint8Array(3), {} as never)).toThrow(/nn.load: model is/);
    expect(() => nn.load(null as never, make(1))).toThrow(/bytes is null/);
  });
});
