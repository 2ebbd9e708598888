// The fast path of small calls has the results and the errors of the other path.

import { beforeEach, expect, test } from 'vitest';
import type { Row } from '../../src/activation/row.js';
import { type Activation, activation, activations, parametersOf } from '../../src/activation/table.js';
import { random, type Workspace, workspace } from '../../src/index.js';
import type { Any } from '../check/case.js';
import { hash, noise } from '../oracle.js';

let ws: Workspace;
beforeEach(() => {
  ws = workspace({ bytes: 1 << 22 });
});
/** Stands for Float32Array.prototype of another realm: its arrays are no instances of our Float32Array. */
const otherRealm = Object.create(Object.getPrototypeOf(Float32Array.prototype), {
  constructor: { value: Float32Array },
});
class Subclass extends Float32Array {
  override set(): void {
    throw new Error('not to be called');
  }
}
/** Arrays of every kind that a call may be passed. */
const kinds: Record<string, (n: number) => Float32Array> = {
  'of a workspace': (n) => ws.float32(n),
  'a slice of a workspace': (n) => ws.float32(n + 4).subarray(2, 2 + n),
  'of another workspace': (n) => workspace({ bytes: 4 * n }).float32(n),
  'an ordinary array': (n) => new Float32Array(n),
  'a slice of an ordinary array': (n) => new Float32Array(n + 3).subarray(2, 2 + n),
  'on a resizable buffer': (n) => new Float32Array(new (ArrayBuffer as Any)(4 * n, { maxByteLength: 4 * n + 8 })),
  'of a subclass': (n) => new Subclass(n),
  'of another realm': (n) => Object.setPrototypeOf(new Float32Array(n), otherRealm),
};
const noises = new Map<string, Float32Array>();
const filled = (x: Float32Array, seed: number) => {
  const key = `${seed} ${x.length}`;
  const values = noises.get(key) ?? noise(seed, x.length, 4);
  noises.set(key, values);
  for (let i = 0; i < values.length; i++) x[i] = values[i];
  return x;
};
const words = (x: Float32Array) => new Int32Array(x.buffer, x.byteOffset, x.length);
const sameBits = (x: Float32Array, y: Float32Array) => {
  const [a, b] = [words(x), words(y)];
  return a.length === b.length && a.every((word, i) => word === b[i]);
};
test.each(Object.keys(activations) as Activation[])('%s has the same bits with arrays of every kind', (name) => {
  const row: Row = activations[name];
  const { forward, backward } = activation[name] as Any;
  const { keeps, parameters } = row;
  const [a, b] = parametersOf(name, row, {});
  const defaults = Object.fromEntries(Object.entries(parameters).map(([word, { value }]) => [word, value]));
  expect(parametersOf(name, row, defaults)).toEqual([a, b]);
  // One list of faults: some thousand calls of expect would take most of the time.
  const faults: unknown[] = [];
  for (const n of [0, 1, 15, 16, 64, 65, 16_384, 16_385]) {
    const [x, dy] = [filled(new Float32Array(n), 1), filled(new Float32Array(n), 2)];
    const y = forward(x);
    const dx = backward({ [keeps]: x, dy });
    const some = n > 100 ? ['of a workspace', 'a slice of an ordinary array'] : Object.keys(kinds);
    for (const [k, kind] of some.entries()) {
      for (const other of new Set([kind, some[(k + 1) % some.length]])) {
        for (const options of [{}, defaults]) {
          const [from, slope] = [filled(kinds[kind](n), 1), filled(kinds[other](n), 2)];
          const out = kinds[other](n);
          const check = (call: string, got: Float32Array, target: Float32Array, expected: Float32Array) => {
            if (got !== target || !sameBits(got, expected)) faults.push([call, kind, other, n, options]);
          };
          check('forward', forward(from, { out, ...options }), out, y);
          out.fill(7);
          check('backward', backward({ [keeps]: from, dy: slope, out, ...options }), out, dx);
          check('input', from, from, x);
          check('in place', backward({ [keeps]: from, dy: slope, out: slope, ...options }), slope, dx);
          check('forward in place', forward(from, { out: from, ...options }), from, y);
        }
      }
    }
  }
  expect(faults).toEqual([]);
});

test.each(Object.entries(kinds))('wrong arguments are the same errors with arrays of every kind: %s', (_, make) => {
  const { forward, backward } = activation.leakyRelu as Any;
  const [x, dy, out, longer] = [make(6), make(6), make(6).fill(7), make(7).fill(7)];
  const wrong: [() => unknown, RegExp][] = [
    [() => forward(x, { out: longer }), /^activation\.leakyRelu\.forward: out has 7 values and x 6; make/],
    [() => forward(longer, { out }), /forward: out has 6 values and x 7; make/],
    [() => forward(x, { out: null }), /forward: out is null; pass a value, or leave it out/],
    [() => forward(x, { out, slop: 1 }), /forward: unknown option slop; there are slope, out/],
    [() => forward(x, { out, slope: -1 }), /forward: slope is -1; pass a number at least 0/],
    [() => forward(undefined, { out }), /forward: x is undefined; pass a Float32Array/],
    [() => forward({}, { out }), /forward: x is an object; pass a Float32Array/],
    [() => forward(x, { out: {} }), /forward: out is an object; pass a Float32Array/],
    [() => forward(new Float64Array(6), { out }), /forward: x is a Float64Array of 6/],
    [() => forward(x, out), /forward: the options are an? \w+ of 6; pass an object/],
    [() => forward(x, [out]), /forward: the options are the array/],
    [() => backward({ y: x, dy: longer, out }), /backward: dy has 7 values and y 6; make/],
    [() => backward({ y: x, dy, out: longer }), /backward: out has 7 values and y 6; make/],
    [() => backward({ y: x, dy: null, out }), /backward: dy is null; pass a value/],
    [() => backward({ y: x, out }), /backward: dy is undefined; pass a Float32Array/],
    [() => backward({ x, dy, out }), /backward: unknown option x; there are y, dy, slope, out/],
  ];
  for (const [f, says] of wrong) expect(f).toThrow(says);
  expect([...out, ...longer].every((value) => value === 7)).toBe(true);
});

test.each(['a slice of a workspace', 'a slice of an ordinary array'])(
  'an output that overlaps an input, %s',
  (kind) => {
    const whole = kinds[kind](20);
    const [x, out, apart] = [whole.subarray(0, 8), whole.subarray(4, 12), whole.subarray(12, 20)];
    const says = (name: string) => new RegExp(`out overlaps ${name}; pass ${name} itself, or an array apart from it`);
    expect(() => activation.relu.forward(x, { out })).toThrow(says('x'));
    expect(() => activation.relu.backward({ y: x, dy: apart, out })).toThrow(says('y'));
    expect(() => activation.relu.backward({ y: apart, dy: x, out })).toThrow(says('dy'));
    expect(whole.every((value) => value === 0)).toBe(true);
    filled(x, 1);
    expect(hash(activation.relu.forward(x, { out: apart }))).toBe(hash(activation.relu.forward(x)));
    // Two views of the same memory are one array.
    expect(hash(activation.relu.forward(x, { out: whole.subarray(0, 8) }))).toBe(hash(apart));
  },
);

test.each(Object.entries(kinds))('an array whose length is redefined, %s', (kind, make) => {
  const fake = (x: Float32Array, name: string, value: unknown) => Object.defineProperty(x, name, { get: () => value });
  const { forward, backward } = activation.tanh;
  const around = ws.float32(16).fill(7);
  const [x, out] = [filled(make(16), 1), make(16).fill(7)];
  // Every path reads the redefined length first.
  const [long, short] = [fake(make(16), 'length', 64), fake(make(16), 'length', 8)];
  expect(() => forward(x, { out: long })).toThrow(/out has 64 values and x 16/);
  expect(() => forward(short, { out })).toThrow(/out has 16 values and x 8/);
  expect(() => backward({ y: x, dy: long, out })).toThrow(/dy has 64 values and y 16/);
  expect(out.every((value) => value === 7)).toBe(true);
  const y = Array.from(forward(x));
  expect(Array.from(forward(short, { out: make(8) }))).toEqual(Array(8).fill(0));
  expect(Array.from(forward(x.subarray(0, 8), { out: short }))).toEqual([...y.slice(0, 8), ...Array(8).fill(0)]);
  // An array of a workspace is known by its original offset.
  if (kind !== 'of a workspace') return;
  fake(fake(out, 'byteOffset', around.byteOffset), 'buffer', new ArrayBuffer(64));
  expect(Array.from(forward(x, { out }))).toEqual(y);
  expect(around.every((value) => value === 7)).toBe(true);
});

test.runIf(typeof SharedArrayBuffer !== 'undefined')(
  'shared memory and detached arrays are errors as any argument',
  () => {
    const shared = new Float32Array(new SharedArrayBuffer(16));
    const gone = new Float32Array(4);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    const [x, out] = [new Float32Array(4).fill(1), new Float32Array(4).fill(7)];
    for (const [wrong, says] of [
      [shared, /is on shared memory/],
      [gone, /is detached/],
    ] as const) {
      const calls = [
        () => activation.relu.forward(wrong, { out }),
        () => activation.relu.forward(x, { out: wrong }),
        () => activation.relu.forward(wrong, { out: wrong }),
        () => activation.relu.backward({ y: wrong, dy: x, out }),
        () => activation.relu.backward({ y: x, dy: wrong, out }),
        () => activation.relu.backward({ y: x, dy: x, out: wrong }),
        () => random.philox(0).uniform({ out: wrong }),
      ];
      for (const call of calls) expect(call).toThrow(says);
    }
    expect(Array.from(out)).toEqual([7, 7, 7, 7]);
  },
);

test('options are read once, own or inherited', () => {
  let reads: string[] = [];
  const read = <T>(name: string, value: T) => {
    reads.push(name);
    return value;
  };
  for (const kind of ['of a workspace', 'a slice of a workspace', 'an ordinary array']) {
    const [x, dy, out] = [kinds[kind](4).fill(-1), kinds[kind](4).fill(1), kinds[kind](4)];
    class Options {
      get slope() {
        return read('slope', 0.5);
      }
      get out() {
        return read('out', out);
      }
      get unknown() {
        return read('unknown', 1);
      }
    }
    reads = [];
    expect(activation.leakyRelu.forward(x, new Options())).toBe(out);
    expect(Array.from(out)).toEqual([-0.5, -0.5, -0.5, -0.5]);
    expect(reads).toEqual(['slope', 'out']);
    const given = {
      get out() {
        return read('out', out);
      },
      get dy() {
        return read('dy', dy);
      },
      get y() {
        return read('y', x);
      },
    };
    reads = [];
    expect(activation.relu.backward(given)).toBe(out);
    expect(Array.from(out)).toEqual([0, 0, 0, 0]);
    expect(reads).toEqual(['y', 'dy', 'out']);
    reads = [];
    expect(random.philox(0).uniform(Object.create({ high: 0 }, { out: { get: () => read('out', out) } }))).toBe(out);
    expect([Array.from(out), reads]).toEqual([[0, 0, 0, 0], ['out']]);
    // A property that is not enumerable is an option too.
    const hidden = Object.defineProperty({ out }, 'slope', { value: 0.25 });
    expect(Array.from(activation.leakyRelu.forward(x, hidden))).toEqual([-0.25, -0.25, -0.25, -0.25]);
  }
});

test('a cached distribution depends on the options alone', () => {
  for (const kind of Object.values(kinds)) {
    const out = kind(20);
    const [one, two] = [random.philox(3), random.philox(3)];
    const whole = (options: object) => Array.from(two.normal(20, options));
    for (const options of [{}, { std: 2 }, { std: 2 }, {}, { mean: 2 }, { mean: -0 }, { mean: 0, std: 2 }]) {
      expect(one.normal({ out, ...options })).toBe(out);
      expect(Array.from(out)).toEqual(whole(options));
    }
    expect(() => one.normal({ out, std: -1 })).toThrow(/std is -1/);
    expect(() => one.normal({ out, std: -1 })).toThrow(/std is -1/);
    expect(one.state()).toEqual(two.state());
  }
});
