// Every argument and every option of every function, with arrays that are not what they seem: views and arrays that have lost their
// prototype, have another, claim to be of another class, or whose memory is gone. Each is valid or an error of the package.

import { expect, test } from 'vitest';
import type { Any } from '../check/case.js';
import { calls } from './calls.js';
import { OURS, replaceable } from './invalid.js';

const detached = <T extends ArrayBufferView>(view: T): T => {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
};
const bare = (object: object) => Object.setPrototypeOf(object, null);
const tagged = (name: string) => ({ [Symbol.toStringTag]: name, length: 6 });

const odd: Record<string, () => Any> = {
  'an array without prototype': () => bare([1, 2, 3]),
  'a pair without prototype': () => bare(['relu', {}]),
  'an array of a view without prototype': () => [bare(new Float32Array(2))],
  'a buffer without prototype': () => bare(new ArrayBuffer(8)),
  'a buffer without memory': () => detached(new Uint8Array(8)).buffer,
  'a function without prototype': () => bare(() => 1),
  'a tensor of a view without prototype': () => ({ shape: [6], data: bare(new Float32Array(6)) }),
  'a tensor of a shape without prototype': () => ({ shape: bare([2, 3]), data: new Float32Array(6) }),
  'an object whose constructor is null': () => ({ constructor: null }),
  'an array of a symbol': () => [Symbol('x')],
  'an array of arrays of a symbol': () => [[[Symbol('x')]]],
  'an array of a bigint': () => [1n],
  'a string that is an object': () => Object('tanh'),
  'a number that is an object': () => Object(1),
  'a view of bigints': () => new BigInt64Array(6),
  'a Float32Array that is an Array by its prototype': () => Object.setPrototypeOf(new Float32Array(6), Array.prototype),
  'a Float32Array that is a Uint8Array by its prototype': () =>
    Object.setPrototypeOf(new Float32Array(6), Uint8Array.prototype),
  'a Float32Array with a tag': () => Object.defineProperty(new Float32Array(6), Symbol.toStringTag, { value: 'No' }),
  'a Float32Array whose memory was cut': () => {
    const buffer: Any = new (ArrayBuffer as Any)(24, { maxByteLength: 48 });
    const x = new Float32Array(buffer, 8);
    buffer.resize?.(4); // engines before 2023 have none
    return x;
  },
};
for (const kind of [Float32Array, Uint32Array, Uint8Array, Float64Array, DataView] as Any[]) {
  const make = () => (kind === DataView ? new DataView(new ArrayBuffer(24)) : new kind(6));
  const { name } = kind;
  odd[`a ${name} without prototype`] = () => bare(make());
  odd[`a ${name} with the prototype of objects`] = () => Object.setPrototypeOf(make(), Object.prototype);
  odd[`a ${name} without memory and prototype`] = () => bare(detached(make()));
  odd[`a ${name} that says it is a Float32Array`] = () => Object.setPrototypeOf(make(), tagged('Float32Array'));
  odd[`a ${name} that says it is a Uint32Array`] = () => Object.setPrototypeOf(make(), tagged('Uint32Array'));
  odd[`a ${name} with the tag of a Float32Array`] = () =>
    Object.defineProperty(make(), Symbol.toStringTag, { value: 'Float32Array' });
}

test.each(Object.entries(odd))('%s is an error of the package, or valid', async (_, make) => {
  const wrong: string[] = [];
  for (const call of calls) {
    const count = replaceable(call, call.args()).length;
    for (let at = 0; at < count; at++) {
      const args = call.args();
      const [object, key] = replaceable(call, args)[at];
      object[key] = make();
      try {
        const result = call.run(...args) as Any;
        if (typeof result?.next === 'function') await result.next();
      } catch (error) {
        const isOurs = error instanceof TypeError || error instanceof RangeError;
        if (!isOurs || !OURS.test(error.message)) wrong.push(`${call.name}, ${String(key)}: ${error}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});
