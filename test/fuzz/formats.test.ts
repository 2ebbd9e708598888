// Files with random contents, and files that were changed: decoding gives a valid result or an error of the package, in time, and
// changes nothing else.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nn, npy, safetensors, tensor } from '../../src/index.js';
import type { Any } from '../check/case.js';
import { noise } from '../oracle.js';
import { allocator, bits, location, property, seeds, shapes, sizeOf, values } from './arbitraries.js';
import { OURS } from './invalid.js';

property(
  'tensors of any names and shapes are read from a file as they were written',
  30,
  fc.record({
    named: fc.dictionary(fc.string({ unit: 'grapheme' }), shapes, { maxKeys: 6 }),
    from: seeds,
    metadata: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
    at: location,
  }),
  ({ named, from, metadata, at }) => {
    const { copyTo } = allocator();
    const tensors = Object.fromEntries(
      Object.entries(named)
        .filter(([name]) => name !== '__metadata__')
        .map(([name, shape]) => [name, tensor(shape, copyTo(at, values(sizeOf(shape), from, 4, true)))]),
    );
    const back = safetensors.decode(safetensors.encode(tensors, { metadata }));
    expect(Object.keys(back.tensors).sort()).toEqual(Object.keys(tensors).sort());
    expect({ ...back.metadata }).toEqual({ ...metadata });
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      const copy = Object.getOwnPropertyDescriptor(back.tensors, name)?.value;
      expect([copy.shape, bits(copy.data)]).toEqual([shape, bits(data)]);
      const one = npy.decode(npy.encode({ shape, data }));
      expect([one.shape, bits(one.data)]).toEqual([shape, bits(data)]);
    }
  },
);

const network = (seed: number) =>
  nn.sequential([nn.linear(3, 4, { seed }), nn.activation('tanh'), nn.linear(4, 2, { seed })]);
const model = network(1);
const modelFile = nn.save(network(2), { metadata: { epoch: '3' } });
const tensorFile = safetensors.encode(
  { a: tensor([2, 3], noise(1, 6)), b: tensor([]), 'naïve ✓': tensor([0, 4]) },
  { metadata: { of: 'x' } },
);
const arrayFile = npy.encode(tensor([2, 3], noise(1, 6)));

/** Words of the formats, which changes insert. */
const WORDS = ['"', '{', '}', '[', ']', ',', ':', '\\', '0', '-1', '1e999', '4294967296', '9007199254740993', 'null'];
WORDS.push(
  '"__proto__"',
  '"dtype":"F32"',
  '"shape":',
  '"data_offsets":',
  '[0,0]',
  "'",
  '(',
  ')',
  '()',
  "'<f4'",
  'True',
);
/** A change of some bytes, as fuzzers of binary formats make them. */
const change = fc.oneof<fc.Arbitrary<(bytes: number[]) => void>[]>(
  fc.tuple(fc.nat(), fc.nat(255)).map(
    ([at, to]) =>
      (b) =>
        void (b[at % b.length] = to),
  ),
  fc.tuple(fc.nat(), fc.nat(7)).map(
    ([at, bit]) =>
      (b) =>
        void (b[at % b.length] ^= 1 << bit),
  ),
  fc.tuple(fc.nat(11), fc.nat(255)).map(
    ([at, to]) =>
      (b) =>
        void (b[at] = to),
  ),
  fc.tuple(fc.nat(), fc.nat(9)).map(
    ([at, n]) =>
      (b) =>
        void b.splice(at % b.length, n),
  ),
  fc.tuple(fc.nat(), fc.nat()).map(
    ([at, from]) =>
      (b) =>
        void b.splice(at % b.length, 0, ...b.slice(from % b.length, (from % b.length) + 16)),
  ),
  fc.tuple(fc.nat(), fc.constantFrom(...WORDS)).map(([at, word]) => (b) => {
    const text = new TextEncoder().encode(word);
    b.splice(at % b.length, text.length, ...text);
  }),
  fc.nat().map((n) => (b) => void b.splice(n % (b.length + 1))),
);
const changes = fc.array(change, { minLength: 1, maxLength: 5 });

/** Decoding gives an error of the package or a valid result, within a second. */
function expectErrorOrValid<T>(
  decode: (bytes: Uint8Array) => T,
  bytes: Uint8Array,
  checkValid: (result: T) => void,
): void {
  const since = performance.now();
  let result: T;
  try {
    result = decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toMatch(OURS);
    return;
  } finally {
    expect(performance.now() - since).toBeLessThan(1000);
    expect(Object.keys(Object.prototype)).toEqual([]);
  }
  checkValid(result);
}
/** The bytes as a slice of a larger array, whose other bytes must not be read. */
function sliced(bytes: readonly number[]): Uint8Array {
  const around = new Uint8Array(bytes.length + 9).fill(0x31);
  around.set(bytes, 3);
  return around.subarray(3, 3 + bytes.length);
}
/** A copy of a file with changes. */
const changed = (file: Uint8Array, by: ((bytes: number[]) => void)[]) => {
  const bytes = [...file];
  for (const one of by) if (bytes.length > 0) one(bytes);
  return sliced(bytes);
};

property('safetensors.decode', 330, changes, (by) => {
  const bytes = changed(tensorFile, by);
  expectErrorOrValid(safetensors.decode, bytes, ({ tensors, metadata }) => {
    let total = 0;
    for (const { shape, data } of Object.values(tensors)) {
      expect(data.length).toBe(sizeOf(shape));
      total += data.length; // of a byte or more each
    }
    expect(total).toBeLessThan(bytes.length);
    expect(Object.values(metadata).every((text) => typeof text === 'string')).toBe(true);
  });
});

property('npy.decode', 330, changes, (by) => {
  const bytes = changed(arrayFile, by);
  expectErrorOrValid(npy.decode, bytes, ({ shape, data }) => {
    expect(data.length).toBe(sizeOf(shape));
    expect(data.length).toBeLessThan(bytes.length);
  });
});

/** The bits of all parameters. */
const weights = () =>
  Object.values(model.parameters)
    .map(({ data }) => bits(data))
    .join('|');
property('nn.load loads all of a file or nothing', 330, changes, (by) => {
  const before = weights();
  const bytes = changed(modelFile, by);
  expectErrorOrValid(
    (file) => {
      try {
        return nn.load(file, model);
      } catch (error) {
        expect(weights()).toBe(before);
        throw error;
      }
    },
    bytes,
    () => {
      const { tensors: read } = safetensors.decode(bytes);
      for (const [name, { data }] of Object.entries(model.parameters)) expect(bits(data)).toBe(bits(read[name].data));
    },
  );
});

property(
  'headers of npy that repeat are read in time',
  10,
  fc.record({
    unit: fc.constantFrom('1', ' ', '1,', ', ', '()', '(', "'shape': (", "'shape': (1,), ", '\n', '1 '),
    n: fc.integer({ min: 1, max: 30_000 }),
    end: fc.constantFrom('x', '', ')', '}'),
  }),
  ({ unit, n, end }) => {
    for (const text of [
      `{'descr': '<f4', 'fortran_order': False, 'shape': (${unit.repeat(n)}${end}), }`,
      `{'descr': '<f4'${unit.repeat(n)}'fortran_order': False${unit.repeat(n)}'shape': ()${unit.repeat(n)}${end}`,
      unit.repeat(n) + end,
    ]) {
      const bytes = new Uint8Array(12 + text.length);
      bytes.set([0x93, 78, 85, 77, 80, 89, 2, 0]);
      new DataView(bytes.buffer).setUint32(8, text.length, true);
      bytes.set(new TextEncoder().encode(text), 12);
      expectErrorOrValid(npy.decode, bytes, ({ shape, data }) => expect(data.length).toBe(sizeOf(shape)));
    }
  },
);

/** A file of safetensors with that header. */
const file = (text: string) => {
  const header = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  return bytes;
};
test('a header of safetensors with deep nesting, many names or many axes is read in time', () => {
  const deep = 200_000;
  const entry = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
  const many = Array.from({ length: 5000 }, (_, i) => `"${i}":${entry}`).join();
  const axes = `{"dtype":"F32","shape":[${'0,'.repeat(50_000)}0],"data_offsets":[0,0]}`;
  for (const text of [
    '['.repeat(deep) + ']'.repeat(deep),
    `{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`,
    `{"a":${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}}`,
  ])
    expectErrorOrValid(safetensors.decode, file(text), () => expect.unreachable());
  expect(Object.keys(safetensors.decode(file(`{${many}}`)).tensors).length).toBe(5000);
  expectErrorOrValid(safetensors.decode, file(`{"a":${axes}}`), ({ tensors: { a } }) => expect(a.data.length).toBe(0));
});

test('an error quotes little of a file', () => {
  const long = 'x'.repeat(1_000_000);
  const entry = { dtype: 'F32', shape: [1], data_offsets: [0, 0] };
  for (const header of [
    { [long]: 5 },
    { [long]: entry },
    { a: { ...entry, dtype: long } },
    { a: { ...entry, shape: Array(100_000).fill(1) } },
    { a: { ...entry, shape: long } },
    { [long]: { ...entry, shape: [0] } },
  ]) {
    let message = '';
    try {
      nn.load(file(JSON.stringify(header)), model);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(OURS);
    expect(message.length).toBeLessThan(1000);
  }
});

test('bytes that are detached, shared or no bytes are errors that name the function', () => {
  const detached = new Uint8Array(64);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const invalid: unknown[] = [detached, detached.buffer, 'x', 5, null, undefined, [1, 2], {}, new Map()];
  if (typeof SharedArrayBuffer !== 'undefined') invalid.push(new Uint8Array(new SharedArrayBuffer(64)));
  for (const bytes of invalid)
    for (const f of [safetensors.decode, npy.decode, (b: Any) => nn.load(b, model)])
      expect(() => f(bytes as Any)).toThrow(/^(safetensors\.decode|npy\.decode|nn\.load): bytes is /);
});
