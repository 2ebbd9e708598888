// What nobody should pass, where it may stand, and how one sees that it did no harm.

import { nn, random, tensor } from '../../src/index.js';
import { noise } from '../oracle.js';
import type { Any, Call } from './calls.js';

/** All numbers of arrays that are among arguments, in objects too, and where generators stand. */
export function snapshot(given: unknown, depth = 0): unknown {
  if (ArrayBuffer.isView(given)) {
    try {
      return Array.from(new Uint8Array(given.buffer, given.byteOffset, given.byteLength)).join();
    } catch {
      return 'detached';
    }
  }
  if (typeof given !== 'object' || given === null || depth > 3) return undefined;
  try {
    if (typeof (given as Any).state === 'function' && typeof (given as Any).uniform === 'function')
      return JSON.stringify((given as Any).state());
    return Object.values(given).map((value) => snapshot(value, depth + 1));
  } catch {
    return undefined; // a getter that throws, or a proxy
  }
}

/** What nobody should pass. Of large numbers only such as no machine has memory for. */
export const strange: (() => Any)[] = [
  undefined,
  null,
  Number.NaN,
  -1,
  0,
  -0,
  0.5,
  1.5,
  Infinity,
  -Infinity,
  2 ** 45,
  2 ** 53,
  1e39,
  -1e39,
  1e-50,
  1n,
  '',
  '3',
  'tanh',
  'none',
  true,
  Symbol('s'),
  () => 1,
  Symbol.iterator,
].map((value) => () => value);
strange.push(
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
if (typeof SharedArrayBuffer !== 'undefined') strange.push(() => new Float32Array(new SharedArrayBuffer(24)));
strange.push(() => {
  const gone = new Float32Array(6);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  return gone;
});

/** Where one thing may be wrong: any argument, or any option of one; not the object whose method is called. */
export function spots({ name }: Call, args: Any[]): [target: Any, key: string | number][] {
  const method = /^random\.\w+\.|^model|^workspace\./.test(name);
  return args.flatMap((arg, i): [Any, string | number][] => {
    if (method && i === 0) return [];
    // A model or a layer is a thing that the package made, no bag of options.
    const options =
      Object.getPrototypeOf(Object(arg)) === Object.prototype && !Object.isFrozen(arg) && !('forward' in arg);
    return [[args, i], ...(options ? Object.keys(arg).map((key): [Any, string] => [arg, key]) : [])];
  });
}

/** How errors of the package begin: with the function that says what is wrong. */
export const OURS =
  /^(activation|softmax|loss|random|init|gain|tensor|workspace|nn|model|diagnose|safetensors|npy)\b[\w.]*: ./;
