// Generators with random arguments: the same values in any memory, in slices and after restore.

import fc from 'fast-check';
import { expect } from 'vitest';
import { type Generator, random } from '../../src/index.js';
import { lawFrom, momentsOf } from '../../src/random/distributions.js';
import type { Any } from '../check/case.js';
import { examples } from '../random/examples.js';
import { allocator, bits, draws, generators, lengths, location, property, seeds } from './arbitraries.js';

const seedings = fc.oneof(
  seeds,
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.string({ unit: 'grapheme' }),
);

property(
  'a draw has the same values in any memory, in slices and after restore; forks are independent',
  140,
  fc.record({
    kind: fc.constantFrom(...generators),
    seed: seedings,
    draw: draws,
    n: lengths,
    before: fc.nat(40),
    at: location,
    ends: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    label: fc.oneof(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger()),
  }),
  ({ kind, seed, draw: { name, options }, n, before, at, ends, label }) => {
    const { copyTo, guardsIntact } = allocator();
    const make = () => {
      const rng: Any = random[kind](seed);
      rng.normal(before);
      return rng;
    };
    const rng = make();
    const state = JSON.parse(JSON.stringify(rng.state()));
    const x: Float32Array = rng[name](n, options);
    const after = rng.state();
    const { low, high } = momentsOf(lawFrom('test', name, options));
    const isDiscrete = examples[name].cdf === undefined;
    expect(x.every((v) => Number.isFinite(v) && v >= Math.fround(low) && v <= Math.fround(high))).toBe(true);
    if (isDiscrete) expect(x.every((v) => v === 0 || v === 1)).toBe(true);
    const again: Any = random.restore(state);
    const out = copyTo(at, x).fill(9);
    expect(again[name]({ ...options, out })).toBe(out);
    expect(bits(out)).toBe(bits(x));
    expect(again.state()).toEqual(after);
    expect(guardsIntact()).toBe(true);
    if (kind !== 'torch') {
      const [from, to] = ends.map((share) => Math.round(share * n)).sort((a, b) => a - b);
      const part: Any = random.restore(state);
      expect(bits(part[name](n, { ...options, slice: [from, to] }))).toBe(bits(x.subarray(from, to)));
      expect(part.state()).toEqual(after);
      const fork: Generator = make().fork(label);
      const own = bits(fork.bits(5));
      const other = make();
      other.fork(label).normal(9);
      expect(bits(other[name](n, options))).toBe(bits(x));
      expect(bits((other as Generator).fork(label).bits(5))).toBe(own);
    } else {
      const words = JSON.stringify(after);
      expect(() => rng.fork(label)).toThrow(TypeError);
      expect(() => rng.normal(4, { slice: [0, 2] })).toThrow(TypeError);
      expect(JSON.stringify(rng.state())).toBe(words);
    }
  },
);

property(
  'permutations have every number once; sources are in [0, 1); splits and folds have keys of their own',
  30,
  fc.record({ kind: fc.constantFrom(...generators), seed: seeds, n: fc.integer({ min: 0, max: 300 }) }),
  ({ kind, seed, n }) => {
    for (const method of ['permutation', 'order'] as const) {
      const p = random[kind](seed)[method](n);
      expect(Array.from(p.toSorted())).toEqual(Array.from({ length: n }, (_, i) => i));
      expect(random[kind](BigInt(seed))[method](n)).toEqual(p);
    }
    const { source } = random[kind](seed);
    for (let i = 0; i < 5; i++) {
      const v = source();
      expect(v >= 0 && v < 1).toBe(true);
    }
    const rng = random.threefry(seed);
    const splits = rng.split(3).map((one) => bits(one.bits(2)));
    expect(new Set(splits).size).toBe(3);
    expect(rng.state().block).toBe(0);
    expect(bits(rng.foldIn(n).bits(2))).toBe(bits(random.threefry(seed).foldIn(n).bits(2)));
  },
);
