// Bytes as runtimes hand them over: views and buffers of any kind. test/formats/realms.node.test.ts has those of other realms.

import { expect, test } from 'vitest';
import { nn, npy, safetensors, tensor } from '../../src/index.js';

const network = (seed: number) => nn.sequential([nn.linear(2, 3, { seed })]);
const one = tensor([2, 2], Float32Array.of(1, -2, 3.5, 0));
const files: [string, Uint8Array, (bytes: never) => unknown][] = [
  ['npy.decode', npy.encode(one), (bytes) => npy.decode(bytes)],
  ['safetensors.decode', safetensors.encode({ one }), (bytes) => safetensors.decode(bytes)],
  [
    'nn.load',
    nn.save(network(1)),
    (bytes) => {
      const model = network(2);
      nn.load(bytes, model);
      return [...model.parameters['0.weight'].data];
    },
  ],
];

/** The bytes on a buffer of a kind, three bytes from its start. */
const on = (buffer: ArrayBufferLike, bytes: Uint8Array) => {
  const view = new Uint8Array(buffer, 3, bytes.length);
  view.set(bytes);
  return view;
};
interface Resizable {
  new (length: number, options: { maxByteLength: number }): ArrayBuffer & { resize(length: number): void };
}
const Resizable = ArrayBuffer as never as Resizable;

test.each(files)('%s reads any view and buffer that is there', (_, bytes, read) => {
  const expected = read(bytes as never);
  const odd = on(new ArrayBuffer(bytes.length + 5), bytes);
  const given: unknown[] = [
    odd,
    odd.slice().buffer,
    new DataView(odd.buffer, 3, bytes.length),
    new Int8Array(odd.slice()),
  ];
  if (typeof Buffer !== 'undefined')
    given.push(Buffer.from(bytes), Buffer.concat([Buffer.of(1, 2, 3), bytes]).subarray(3));
  for (const value of given) expect(read(value as never)).toEqual(expected);
});

test.runIf('resize' in ArrayBuffer.prototype)('memory that can be resized is read as it is', () => {
  for (const [, bytes, read] of files) {
    const expected = read(bytes as never);
    const buffer = new Resizable(bytes.length + 3, { maxByteLength: 2 * bytes.length });
    const view = on(buffer, bytes);
    const tracking = new Uint8Array(buffer, 3);
    expect(read(view as never)).toEqual(expected);
    expect(read(tracking as never)).toEqual(expected);
    const whole = new Resizable(bytes.length, { maxByteLength: 2 * bytes.length });
    new Uint8Array(whole).set(bytes);
    expect(read(whole as never)).toEqual(expected);
    // Cut off in the middle, the file is damaged, and a view of more than there is has nothing in it.
    buffer.resize(bytes.length - 1);
    for (const value of [view, tracking]) expect(() => read(value as never)).toThrow(RangeError);
  }
});

test('what is read does not change with the file', () => {
  const bytes = safetensors.encode({ one });
  const { tensors } = safetensors.decode(bytes);
  bytes.fill(0);
  expect(tensors).toEqual({ one });
});

test.each(files)('%s: what is no bytes, shared or gone is an error', (where, bytes, read) => {
  const wrong: [unknown, RegExp][] = [
    [{ byteLength: 9 }, /bytes is an object; pass a Uint8Array or an ArrayBuffer/],
    [{ [Symbol.toStringTag]: 'ArrayBuffer', byteLength: 9 }, /bytes is an object; pass/],
    [Object.create(ArrayBuffer.prototype), /bytes is an ArrayBuffer; pass/],
    [Object.create(Uint8Array.prototype), /bytes is a Uint8Array; pass/],
    [[...bytes], /bytes is the array/],
  ];
  if (typeof SharedArrayBuffer !== 'undefined') {
    const shared = new SharedArrayBuffer(bytes.length + 3);
    wrong.push([shared, /bytes is a SharedArrayBuffer; pass a Uint8Array or an ArrayBuffer/]);
    wrong.push([on(shared, bytes), /bytes is on shared memory, .*; pass a copy, bytes.slice\(\)/]);
  }
  const gone = bytes.slice();
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  wrong.push([gone, /bytes is detached/], [gone.buffer, /bytes is detached/]);
  for (const [value, message] of wrong) {
    expect(() => read(value as never)).toThrow(TypeError);
    expect(() => read(value as never)).toThrow(message);
    expect(() => read(value as never)).toThrow(new RegExp(`^${where}: `));
  }
});
