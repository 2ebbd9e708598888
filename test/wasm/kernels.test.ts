import { beforeEach, describe, expect, test } from 'vitest';
import type { Row } from '../../src/activation/row.js';
import { type Activation, activation, activations, parametersOf } from '../../src/activation/table.js';
import { random, softmax, type Workspace, workspace } from '../../src/index.js';
import { type Any, numeric, testCases } from '../check/case.js';
import { hash, noise } from '../oracle.js';

test('arrays of a workspace are zeros side by side, each its own', () => {
  const ws = workspace({ bytes: 1000 });
  const arrays = [ws.float32(3), ws.uint32(5), ws.float32(0), ws.float32(16)];
  for (const array of arrays) expect(array.every((v) => v === 0)).toBe(true);
  arrays.forEach((array, i) => array.fill(i + 1));
  arrays.forEach((array, i) => expect(array.every((v) => v === i + 1)).toBe(true));
  expect(arrays.every(({ byteOffset }) => byteOffset % 16 === 0)).toBe(true);
});

test('two workspaces never alias', () => {
  const [a, b] = [workspace({ bytes: 64 }), workspace({ bytes: 64 })];
  const [x, y] = [a.float32(16), b.float32(16)];
  x.fill(1);
  expect(x.buffer).not.toBe(y.buffer);
  expect(y.every((v) => v === 0)).toBe(true);
});

test('a full workspace says so, and what it holds stays', () => {
  const ws = workspace({ bytes: 100 });
  expect(ws.bytes).toBe(112); // rounded up to 16
  const x = ws.float32(28);
  expect(() => ws.float32(1)).toThrow(/workspace\.float32: 4 bytes asked and 0 left; make the workspace larger/);
  expect(() => ws.uint32(1)).toThrow(RangeError);
  expect(ws.float32(0).length).toBe(0);
  x.fill(2);
  expect(x.reduce((a, b) => a + b)).toBe(56);
  expect(() => workspace({ bytes: 0 }).float32(1)).toThrow(RangeError);
});

test('sizes past memory, and what comes after them', () => {
  expect(() => workspace({ bytes: 2 ** 32 })).toThrow(/4 GiB/);
  expect(() => workspace({ bytes: 2 ** 53 })).toThrow(RangeError);
  const huge = new Float32Array(2 ** 10);
  Object.defineProperty(huge, 'length', { value: 2 ** 30 });
  expect(() => softmax.forward(huge, { columns: 2 ** 30 })).toThrow(RangeError);
  expect(softmax.forward(new Float32Array(200_000), { columns: 200_000 }).length).toBe(200_000);
  expect(() => random.philox(0).uniform(2 ** 45)).toThrow(/do not fit into memory/);
});

type Draw = (first: number | { out: Float32Array }) => Float32Array;

test('drawing into a workspace and drawing anew are the same bits, and nothing else is written', () => {
  const n = 40_001;
  const ws = workspace({ bytes: 4 * (n + 8) });
  const around = ws.float32(n + 8).fill(7);
  const out = around.subarray(3, 3 + n);
  for (const make of [() => random.philox(1), () => random.torch(1)]) {
    for (const draw of ['uniform', 'normal', 'truncatedNormal', 'bernoulli'] as const) {
      const [into, anew] = [make()[draw] as Draw, make()[draw] as Draw];
      expect(into({ out })).toBe(out);
      expect(hash(out), draw).toBe(hash(anew(n)));
      expect([around[2], around[n + 3]]).toEqual([7, 7]);
    }
  }
});

test('arrays of two workspaces meet by staging', () => {
  const [a, b] = [workspace({ bytes: 4096 }), workspace({ bytes: 4096 })];
  const [x, out] = [a.float32(100), b.float32(100)];
  x.set(noise(1, 100));
  activation.tanh.forward(x, { out });
  expect(Array.from(out)).toEqual(Array.from(activation.tanh.forward(x.slice())));
});

test('memory never grows: an array stays where it is', () => {
  const ws = workspace({ bytes: 4096 });
  const x = ws.float32(10).fill(3);
  for (let i = 0; i < 100; i++) random.philox(i).normal(50_000);
  workspace({ bytes: 10_000_000 });
  expect(x.every((v) => v === 3)).toBe(true);
});

describe('what is usual is done at once, with the same results and the same errors', () => {
  /** Arrays of every kind that a call may be given; those of another realm are no instances of our Float32Array. */
  let ws: Workspace;
  beforeEach(() => {
    ws = workspace({ bytes: 1 << 22 });
  });
  const stranger = Object.create(Object.getPrototypeOf(Float32Array.prototype), {
    constructor: { value: Float32Array },
  });
  class Own extends Float32Array {
    override set(): void {
      throw new Error('not to be called');
    }
  }
  const kinds: Record<string, (n: number) => Float32Array> = {
    'made by a workspace': (n) => ws.float32(n),
    'part of a workspace': (n) => ws.float32(n + 4).subarray(2, 2 + n),
    'of another workspace': (n) => workspace({ bytes: 4 * n }).float32(n),
    'of elsewhere': (n) => new Float32Array(n),
    'part of elsewhere': (n) => new Float32Array(n + 3).subarray(2, 2 + n),
    'on a buffer that can be resized': (n) =>
      new Float32Array(new (ArrayBuffer as Any)(4 * n, { maxByteLength: 4 * n + 8 })),
    'of a class of its own': (n) => new Own(n),
    'of another realm': (n) => Object.setPrototypeOf(new Float32Array(n), stranger),
  };
  const filled = (x: Float32Array, seed: number) => {
    noise(seed, x.length, 4).forEach((value, i) => {
      x[i] = value;
    });
    return x;
  };
  const all = Object.keys(activations) as Activation[];

  test.each(all)('%s', (name) => {
    const row: Row = activations[name];
    const { forward, backward } = activation[name] as Any;
    const { keeps, parameters } = row;
    const [a, b] = parametersOf(name, row, {});
    const said = Object.fromEntries(Object.entries(parameters).map(([word, { value }]) => [word, value]));
    expect(parametersOf(name, row, said)).toEqual([a, b]);
    for (const n of [0, 1, 15, 16, 64, 65, 16_384, 16_385]) {
      const [x, dy] = [filled(new Float32Array(n), 1), filled(new Float32Array(n), 2)];
      const y = hash(forward(x));
      const dx = hash(backward({ [keeps]: x, dy }));
      const some = n > 100 ? ['made by a workspace', 'part of elsewhere'] : Object.keys(kinds);
      for (const [k, kind] of some.entries()) {
        for (const other of new Set([kind, some[(k + 1) % some.length]])) {
          for (const options of [{}, said]) {
            const [from, slope] = [filled(kinds[kind](n), 1), filled(kinds[other](n), 2)];
            const out = kinds[other](n);
            expect(forward(from, { out, ...options })).toBe(out);
            expect([kind, n, hash(out)]).toEqual([kind, n, y]);
            out.fill(7);
            expect(backward({ [keeps]: from, dy: slope, out, ...options })).toBe(out);
            expect([kind, n, hash(out)]).toEqual([kind, n, dx]);
            expect(hash(from)).toBe(hash(x));
            expect(backward({ [keeps]: from, dy: slope, out: slope, ...options })).toBe(slope);
            expect([kind, n, hash(slope)]).toEqual([kind, n, dx]);
            expect(forward(from, { out: from, ...options })).toBe(from);
            expect([kind, n, hash(from)]).toEqual([kind, n, y]);
          }
        }
      }
    }
  });

  test.each(Object.entries(kinds))('errors with arrays %s', (_, make) => {
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

  test.each(['part of a workspace', 'part of elsewhere'])('an output in the middle of an input, %s', (kind) => {
    const whole = kinds[kind](20);
    const [x, out, apart] = [whole.subarray(0, 8), whole.subarray(4, 12), whole.subarray(12, 20)];
    const says = (name: string) => new RegExp(`out overlaps ${name}; pass ${name} itself, or an array apart from it`);
    expect(() => activation.relu.forward(x, { out })).toThrow(says('x'));
    expect(() => activation.relu.backward({ y: x, dy: apart, out })).toThrow(says('y'));
    expect(() => activation.relu.backward({ y: apart, dy: x, out })).toThrow(says('dy'));
    expect(whole.every((value) => value === 0)).toBe(true);
    filled(x, 1);
    expect(hash(activation.relu.forward(x, { out: apart }))).toBe(hash(activation.relu.forward(x)));
    // Two arrays in one place are one.
    expect(hash(activation.relu.forward(x, { out: whole.subarray(0, 8) }))).toBe(hash(apart));
  });

  test.each(Object.entries(kinds))('an array with a getter put upon it, %s', (kind, make) => {
    const fake = (x: Float32Array, name: string, value: unknown) =>
      Object.defineProperty(x, name, { get: () => value });
    const { forward, backward } = activation.tanh;
    const around = ws.float32(16).fill(7);
    const [x, out] = [filled(make(16), 1), make(16).fill(7)];
    // The length that an array says it has is asked first, on every way.
    const [long, short] = [fake(make(16), 'length', 64), fake(make(16), 'length', 8)];
    expect(() => forward(x, { out: long })).toThrow(/out has 64 values and x 16/);
    expect(() => forward(short, { out })).toThrow(/out has 16 values and x 8/);
    expect(() => backward({ y: x, dy: long, out })).toThrow(/dy has 64 values and y 16/);
    expect(out.every((value) => value === 7)).toBe(true);
    const y = Array.from(forward(x));
    expect(Array.from(forward(short, { out: make(8) }))).toEqual(Array(8).fill(0));
    expect(Array.from(forward(x.subarray(0, 8), { out: short }))).toEqual([...y.slice(0, 8), ...Array(8).fill(0)]);
    // What a workspace made is where it was made.
    if (kind !== 'made by a workspace') return;
    fake(fake(out, 'byteOffset', around.byteOffset), 'buffer', new ArrayBuffer(64));
    expect(Array.from(forward(x, { out }))).toEqual(y);
    expect(around.every((value) => value === 7)).toBe(true);
  });

  test.runIf(typeof SharedArrayBuffer !== 'undefined')('shared memory and what was transferred, in any place', () => {
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
  });

  test('options are read once, wherever they stand', () => {
    let reads: string[] = [];
    const read = <T>(name: string, value: T) => {
      reads.push(name);
      return value;
    };
    for (const kind of ['made by a workspace', 'part of a workspace', 'of elsewhere']) {
      const [x, dy, out] = [kinds[kind](4).fill(-1), kinds[kind](4).fill(1), kinds[kind](4)];
      class Options {
        get slope() {
          return read('slope', 0.5);
        }
        get out() {
          return read('out', out);
        }
        get stranger() {
          return read('stranger', 1);
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
      // Not enumerable, and an option all the same.
      const hidden = Object.defineProperty({ out }, 'slope', { value: 0.25 });
      expect(Array.from(activation.leakyRelu.forward(x, hidden))).toEqual([-0.25, -0.25, -0.25, -0.25]);
    }
  });

  test('a law that is kept for the next draw is that of its options alone', () => {
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
});

testCases([
  ...numeric('workspace', 'bytes', (v) => workspace({ bytes: v }), [-1, 1.5, Number.NaN, '9', undefined]),
  ['workspace of nothing', () => (workspace as Any)(), TypeError, /bytes is undefined/],
  ['an array of length -1', () => workspace({ bytes: 64 }).float32(-1), RangeError, /length/],
]);
