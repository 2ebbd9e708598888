// Headers of safetensors against the reference implementation: test/vectors/headers.json has what it makes of each, with one
// exception, two entries of one name, which its documentation forbids. And headers that anything may have been done to.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safetensors, tensor } from '../../src/index.js';
import vectors from '../vectors/headers.json' with { type: 'json' };

const cases = vectors as unknown as [text: string, size: number, read: Record<string, number[]> | null][];

function file(header: Uint8Array, size: number): Uint8Array {
  const bytes = new Uint8Array(8 + header.length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  return bytes;
}
const shapes = (bytes: Uint8Array) => {
  try {
    return Object.entries(safetensors.decode(bytes).tensors).map(([name, { shape }]) => [name, shape]);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toMatch(/^safetensors\.decode: ./);
    return null;
  }
};
const sorted = (entries: unknown[][]) => [...entries].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));

test('headers are read and refused as by the reference implementation', () => {
  expect(cases.length).toBe(500);
  for (const [text, size, read] of cases) {
    const made = shapes(
      file(
        Uint8Array.from(text, (c) => c.charCodeAt(0)),
        size,
      ),
    );
    expect(made && sorted(made), text).toEqual(read && sorted(Object.entries(read)));
  }
});

test('what JSON.stringify writes is read, whatever the names, metadata and order', () => {
  const names = fc.uniqueArray(fc.string({ unit: 'binary' }), { maxLength: 5 });
  const texts = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { maxKeys: 4 });
  fc.assert(
    fc.property(names, texts, fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r') }), (given, metadata, space) => {
      const own = given.filter((name) => name !== '__metadata__');
      const entries = own.map((name, i): [string, { dtype: string; shape: number[]; data_offsets: number[] }] => [
        name,
        { dtype: 'U8', shape: [i], data_offsets: [0, 0] },
      ]);
      let end = 0;
      for (const [, entry] of entries) entry.data_offsets = [end, (end += entry.shape[0])];
      const header = Object.fromEntries([['__metadata__', metadata], ...entries.toReversed()]);
      const text = space + JSON.stringify(header, undefined, space) + space;
      const read = safetensors.decode(file(new TextEncoder().encode(text), end));
      expect(Object.keys(read.tensors).sort()).toEqual(own.sort());
      expect(sorted(Object.entries(read.metadata))).toEqual(sorted(Object.entries(metadata)));
    }),
  );
});

test('a name that is twice is refused, wherever it stands and however it is spelled', () => {
  const spelled = (name: string, escaped: boolean) =>
    escaped
      ? `"${Array.from({ length: name.length }, (_, i) => `\\u${name.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`
      : JSON.stringify(name);
  const name = fc.string({ unit: 'binary' }).filter((text) => text !== '__metadata__');
  const empty = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
      fc.nat(),
      fc.nat(),
      fc.boolean(),
      (names, a, b, e) => {
        const keys = names.map((one) => spelled(one, false));
        const text = () => `{${keys.map((key) => `${key}:${empty}`).join()}}`;
        expect(shapes(file(new TextEncoder().encode(text()), 0))?.length).toBe(names.length);
        keys.splice(b % (keys.length + 1), 0, spelled(names[a % names.length], e));
        expect(() => safetensors.decode(file(new TextEncoder().encode(text()), 0))).toThrow(/ is in the header twice/);
      },
    ),
  );
});

test('bytes of a header that are changed give what JSON.parse reads, or an error', () => {
  const bytes = safetensors.encode({ a: tensor([2]), 'b"\\é': tensor([]) }, { metadata: { c: 'd' } });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  fc.assert(
    fc.property(fc.nat(length - 1), fc.integer({ min: 0, max: 255 }), (at, to) => {
      const changed = bytes.slice();
      changed[8 + at] = to;
      const made = shapes(changed);
      if (made === null) return;
      const text = new TextDecoder('utf-8', { fatal: true }).decode(changed.subarray(8, 8 + length));
      const { __metadata__: _, ...entries } = JSON.parse(text) as Record<string, { shape: number[] }>;
      expect(made).toEqual(Object.entries(entries).map(([name, { shape }]) => [name, shape]));
    }),
    { numRuns: 3000 },
  );
});
