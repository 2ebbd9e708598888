// Bytes and options of another realm, as a frame, a vm context and Jest have them: their classes are others, of the same names.

import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';
import { nn, npy, random, safetensors, tensor } from '../../src/index.js';

const realm = createContext({});
const there = <T>(code: string): T => runInContext(code, realm);
const { bytes: bytesOf, buffer: bufferOf } = {
  bytes: (bytes: Uint8Array): Uint8Array => there<(b: number[]) => Uint8Array>('(b) => Uint8Array.from(b)')([...bytes]),
  buffer: (bytes: Uint8Array): ArrayBuffer =>
    there<(b: number[]) => ArrayBuffer>('(b) => Uint8Array.from(b).buffer')([...bytes]),
};
const one = tensor([2, 2], Float32Array.of(1, -2, 3.5, 0));

test('the values are of another realm', () => {
  expect(bytesOf(npy.encode(one)) instanceof Uint8Array).toBe(false);
  expect(bufferOf(npy.encode(one)) instanceof ArrayBuffer).toBe(false);
});

test.each([
  ['an array', bytesOf],
  ['a buffer', bufferOf],
  ['a view', (bytes: Uint8Array) => there<(b: ArrayBuffer) => Uint8Array>('(b) => new DataView(b)')(bufferOf(bytes))],
])('%s of another realm is read by every function that reads files', async (_, from) => {
  expect(npy.decode(from(npy.encode(one)))).toEqual(one);
  expect(safetensors.decode(from(safetensors.encode({ one }))).tensors).toEqual({ one });
  const make = () => nn.sequential([nn.linear(2, 3, { seed: 1 })]);
  const [model, data] = [make(), { x: random.philox(1).normal(8), labels: Uint8Array.of(0, 1, 2, 0) }];
  expect(nn.load(from(nn.save(model, { metadata: { a: 'b' } })), make())).toEqual({ a: 'b' });
  let file = new Uint8Array();
  const options = { epochs: 2, batchSize: 2, seed: 1, optimizer: nn.adam() };
  for await (const { step } of nn.fit(model, data, options)) if (step === 1) file = nn.save(model, { training: true });
  const resumed = make();
  for await (const _ of nn.fit(resumed, data, { ...options, resume: from(file) }));
  expect(nn.save(resumed)).toEqual(nn.save(model));
});

test('options and tensors of another realm are taken', () => {
  const bytes = safetensors.encode({ one, two: one });
  for (const only of ["({ only: ['two'] })", "({ only: (name) => name === 'two' })"])
    expect(Object.keys(safetensors.decode(bytes, there(only)).tensors)).toEqual(['two']);
  const made = there<typeof one>('({ shape: [2, 2], data: Float32Array.of(1, -2, 3.5, 0) })');
  expect(npy.encode(made)).toEqual(npy.encode(one));
  expect(safetensors.encode({ one: made, two: made })).toEqual(bytes);
});

test('shared and detached memory of another realm is an error', () => {
  const read = (bytes: unknown) => () => npy.decode(bytes as Uint8Array);
  expect(read(there('new SharedArrayBuffer(99)'))).toThrow(/bytes is a SharedArrayBuffer; pass a Uint8Array/);
  expect(read(there('new Uint8Array(new SharedArrayBuffer(99))'))).toThrow(/bytes is on shared memory/);
  const gone = bufferOf(npy.encode(one));
  const view = there<(b: ArrayBuffer) => Uint8Array>('(b) => new Uint8Array(b)')(gone);
  structuredClone(gone, { transfer: [gone] });
  expect(read(gone)).toThrow(/bytes is detached/);
  expect(read(view)).toThrow(/bytes is detached/);
});
