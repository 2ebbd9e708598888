// Generators and initialisers under arguments that nobody chose: the same bits in parts, in any memory, after a restore.

import fc from 'fast-check';
import { expect } from 'vitest';
import { type Generator, init, random, tensor } from '../../src/index.js';
import { initialisers } from '../../src/init/table.js';
import { type Any, bits, lengths, place, property, room, seeds, shapes } from './cases.js';

const kinds = ['philox', 'torch', 'threefry'] as const;
const seedings = fc.oneof(
  seeds,
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.string({ unit: 'grapheme' }),
);
const laws = fc.oneof<fc.Arbitrary<Any>[]>(
  fc
    .tuple(fc.double({ min: -50, max: 50, noNaN: true }), fc.double({ min: 0, max: 50, noNaN: true }))
    .map(([low, width]) => ({ law: 'uniform', o: { low, high: low + width } })),
  fc
    .record({ mean: fc.double({ min: -50, max: 50, noNaN: true }), std: fc.double({ min: 0, max: 50, noNaN: true }) })
    .map((o) => ({ law: 'normal', o })),
  fc
    .tuple(fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: 0.1, max: 5, noNaN: true }), fc.boolean())
    .map(([low, width, absolute]) => ({ law: 'truncatedNormal', o: { low, high: low + width, absolute } })),
  fc.double({ min: 0, max: 1, noNaN: true }).map((p) => ({ law: 'bernoulli', o: { p } })),
);

property(
  'a draw is the same in any memory, in parts, and after a restore; a fork disturbs nothing',
  140,
  fc.record({
    kind: fc.constantFrom(...kinds),
    seed: seedings,
    draw: laws,
    n: lengths,
    before: fc.nat(40),
    at: place,
    cut: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    label: fc.oneof(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger()),
  }),
  ({ kind, seed, draw: { law, o }, n, before, at, cut, label }) => {
    const { put, intact } = room();
    const make = () => {
      const rng: Any = random[kind](seed);
      rng.normal(before);
      return rng;
    };
    const rng = make();
    const state = JSON.parse(JSON.stringify(rng.state()));
    const x: Float32Array = rng[law](n, o);
    const after = rng.state();
    const { low, high } = o;
    for (const v of x) {
      if (law === 'uniform') expect(v >= Math.fround(low) && v <= Math.fround(high)).toBe(true);
      else if (law === 'truncatedNormal') expect(v >= Math.fround(low) && v <= Math.fround(high)).toBe(true);
      else if (law === 'bernoulli') expect(v === 0 || v === 1).toBe(true);
      else expect(Number.isFinite(v)).toBe(true);
    }
    const again: Any = random.restore(state);
    const out = put(at, x).fill(9);
    expect(again[law]({ ...o, out })).toBe(out);
    expect(bits(out)).toBe(bits(x));
    expect(again.state()).toEqual(after);
    expect(intact()).toBe(true);
    if (kind !== 'torch') {
      const [from, to] = cut.map((share) => Math.round(share * n)).sort((a, b) => a - b);
      const part: Any = random.restore(state);
      expect(bits(part[law](n, { ...o, slice: [from, to] }))).toBe(bits(x.subarray(from, to)));
      expect(part.state()).toEqual(after);
      const fork: Generator = make().fork(label);
      const own = bits(fork.bits(5));
      const other = make();
      other.fork(label).normal(9);
      expect(bits(other[law](n, o))).toBe(bits(x));
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
  'permutations have every number once; sources, splits and seeds are what they say',
  30,
  fc.record({ kind: fc.constantFrom(...kinds), seed: seeds, n: fc.integer({ min: 0, max: 300 }) }),
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
    const parts = rng.split(3).map((one) => bits(one.bits(2)));
    expect(new Set(parts).size).toBe(3);
    expect(rng.state().block).toBe(0);
    expect(bits(rng.foldIn(n).bits(2))).toBe(bits(random.threefry(seed).foldIn(n).bits(2)));
  },
);

property(
  'an initialiser keeps its bounds and its seed, in parts, in tensors and in either layout',
  110,
  fc.record({
    name: fc.constantFrom(...(Object.keys(initialisers) as (keyof typeof initialisers)[])),
    shape: shapes,
    kind: fc.constantFrom(...kinds),
    seed: seeds,
    layout: fc.constantFrom('oi', 'io'),
    at: place,
    gain: fc.double({ min: 0, max: 9, noNaN: true }),
    cut: fc.tuple(fc.nat(100), fc.nat(100)),
  }),
  ({ name, shape, kind, seed, layout, at, gain: factor, cut }) => {
    const { put, intact } = room();
    const fill = init[name] as Any;
    const extra = /xavier|glorot|kaiming|^he/.test(name) ? { gain: factor } : {};
    const make = (o: object = {}) => fill(shape, { rng: random[kind](seed), layout, ...extra, ...o });
    const fans = shape.length < 2 ? { fanIn: 3, fanOut: 4 } : {};
    const empty = shape.includes(0);
    const x: Float32Array = make(fans);
    expect(x.length).toBe(shape.reduce((a, b) => a * b, 1));
    if (!empty) {
      const { low, high, std, fanIn, fanOut } = init.describe(name, shape, { layout, ...extra, ...fans } as Any);
      expect(x.every((v) => v >= Math.fround(low) && v <= Math.fround(high))).toBe(true);
      expect(std).toBeGreaterThanOrEqual(0);
      if (shape.length >= 2) {
        const turned = layout === 'io' ? shape : [...shape.slice(2), shape[1], shape[0]];
        const other = init.describe(name, turned, { layout: 'io', ...extra } as Any);
        expect([other.fanIn, other.fanOut, other.std]).toEqual([fanIn, fanOut, std]);
      }
    }
    const out = put(at, x).fill(9);
    expect(make({ ...fans, out })).toBe(out);
    expect(bits(out)).toBe(bits(x));
    const held = tensor(shape, put(at, x).fill(9));
    expect(fill(held, { rng: random[kind](seed), layout, ...extra, ...fans })).toBe(held);
    expect(bits(held.data)).toBe(bits(x));
    if (kind === 'philox') expect(bits(fill(shape, { seed, layout, ...extra, ...fans }))).toBe(bits(x));
    if (kind !== 'torch') {
      const slice = cut.map((c) => c % (x.length + 1)).sort((a, b) => a - b);
      expect(bits(make({ ...fans, slice }))).toBe(bits(x.subarray(slice[0], slice[1])));
    }
    expect(intact()).toBe(true);
  },
);

property(
  'initialisers with structure have it',
  40,
  fc.record({
    rows: fc.integer({ min: 0, max: 24 }),
    columns: fc.integer({ min: 0, max: 24 }),
    k: fc.integer({ min: 1, max: 3 }),
    seed: seeds,
    layout: fc.constantFrom<'oi' | 'io'>('oi', 'io'),
    sparsity: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  ({ rows, columns, k, seed, layout, sparsity }) => {
    const q = init.orthogonal([rows, columns], { seed, layout, gain: 2 });
    const [short, long, step, stride] = rows <= columns ? [rows, columns, columns, 1] : [columns, rows, 1, columns];
    for (let i = 0; i < short; i++)
      for (let j = 0; j <= i; j++) {
        let dot = 0;
        for (let t = 0; t < long; t++) dot += q[i * step + t * stride] * q[j * step + t * stride];
        expect(Math.abs(dot - (i === j ? 4 : 0))).toBeLessThan(1e-5);
      }
    const s = init.sparse([rows, columns], { seed, sparsity, std: 1 });
    for (let c = 0; c < columns; c++) {
      let zeros = 0;
      for (let r = 0; r < rows; r++) zeros += Number(s[r * columns + c] === 0);
      expect(zeros).toBe(Math.ceil(sparsity * rows));
    }
    const eye = init.eye([rows, columns]);
    expect(eye.reduce((a, b) => a + b, 0)).toBe(Math.min(rows, columns));
    const shape = layout === 'oi' ? [rows, columns, k] : [k, columns, rows];
    const delta = init.deltaOrthogonal(shape, { seed, layout });
    const square = delta.reduce((sum, v) => sum + v * v, 0);
    expect(Math.abs(square - Math.min(rows, columns))).toBeLessThan(1e-4);
    const dirac = init.dirac(shape, { layout });
    expect(dirac.reduce((a, b) => a + b, 0)).toBe(Math.min(rows, columns));
  },
);
