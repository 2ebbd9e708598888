// Invalid arguments: what they are, where a call can have one, and how a test sees that an error changed nothing.

import { nn, random, tensor } from '../../src/index.js';
import type { Any } from '../check/case.js';
import { noise } from '../oracle.js';
import type { Call } from './calls.js';

/** The bytes of all arrays among arguments, also in objects, and the states of generators. */
export function snapshot(value: unknown, depth = 0): unknown {
  if (ArrayBuffer.isView(value)) {
    try {
      return Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)).join();
    } catch {
      return 'detached';
    }
  }
  if (typeof value !== 'object' || value === null || depth > 3) return undefined;
  try {
    if (typeof (value as Any).state === 'function' && typeof (value as Any).uniform === 'function')
      return JSON.stringify((value as Any).state());
    return Object.values(value).map((one) => snapshot(one, depth + 1));
  } catch {
    return undefined; // a getter that throws, or a proxy
  }
}

const primitives = [
  [undefined, null, Number.NaN, -1, 0, -0, 0.5, 1.5, Infinity, -Infinity, 2 ** 45, 2 ** 53, 1e39, -1e39, 1e-50, 1n],
  ['', '3', 'tanh', 'none', true, Symbol('s'), () => 1, Symbol.iterator],
];
/** Values that are invalid for most arguments. The large numbers exceed the memory of any machine. */
export const invalidValues: (() => Any)[] = primitives.flat().map((value) => () => value);
invalidValues.push(
  () => ({}),
  () => [],
  () => [1, 2],
  () => [2 ** 45],
  () => [0, 2 ** 45],
  () => [Number.NaN],
  () => new Array(3),
  () => noise(1, 3),
  () => noise(1, 6),
  () => new Float64Array(6),
  () => new Uint32Array(6),
  () => new Int8Array(6),
  () => new DataView(new ArrayBuffer(8)),
  () => new ArrayBuffer(8),
  () => new Date(0),
  () => new Map([['a', 1]]),
  () => Object.create(null),
  () => new Proxy({}, {}),
  () => /x/,
  () => new Error('no'),
  () => Promise.resolve(1),
  () => tensor([2, 3]),
  () => random.philox(0),
  () => nn.sgd({ lr: 1 }),
  () => nn.linear(2, 2, { seed: 1 }),
  () => ['relu'],
  () => ['huber', { delta: 0 }],
  () => [[1]],
  () => ({ shape: [6], data: [1, 2, 3, 4, 5, 6] }),
);
if (typeof SharedArrayBuffer !== 'undefined') invalidValues.push(() => new Float32Array(new SharedArrayBuffer(24)));
invalidValues.push(() => {
  const detached = new Float32Array(6);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  return detached;
});

/** Every argument of a call, and every option of one, by its object and key; not the object whose method is called. */
export function replaceable({ name }: Call, args: Any[]): [object: Any, key: string | number][] {
  const isMethod = /^random\.\w+\.|^model|^workspace\./.test(name);
  return args.flatMap((arg, i): [Any, string | number][] => {
    if (isMethod && i === 0) return [];
    return [[args, i], ...(isOptions(arg) ? Object.keys(arg).map((key): [Any, string] => [arg, key]) : [])];
  });
}

/** Whether an argument is an object of options. A model or a layer has functions of its own. */
export const isOptions = (arg: Any): boolean =>
  Object.getPrototypeOf(Object(arg)) === Object.prototype && !Object.isFrozen(arg) && !('forward' in arg);

/** How errors of the package begin: with the function that was called. */
export const OURS =
  /^(activation|softmax|loss|random|init|gain|tensor|workspace|nn|model|diagnose|safetensors|npy)\b[\w.]*: ./;
