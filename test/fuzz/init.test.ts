// Initialisers with random arguments: their bounds, their structure, and the same values in any memory and in slices.

import fc from 'fast-check';
import { expect } from 'vitest';
import { init, random, tensor } from '../../src/index.js';
import type { Any } from '../check/case.js';
import {
  allocator,
  bits,
  generators,
  initialisations,
  location,
  property,
  seeds,
  shapes,
  sizeOf,
} from './arbitraries.js';

property(
  'an initialiser has its bounds, and the same values in slices, in tensors and in any memory',
  110,
  fc.record({
    initialisation: initialisations,
    shape: shapes,
    kind: fc.constantFrom(...generators),
    seed: seeds,
    layout: fc.constantFrom('oi', 'io'),
    at: location,
    ends: fc.tuple(fc.nat(100), fc.nat(100)),
  }),
  ({ initialisation: { name, options }, shape, kind, seed, layout, at, ends }) => {
    const { copyTo, guardsIntact } = allocator();
    const fill = init[name] as Any;
    const make = (o: object = {}) => fill(shape, { rng: random[kind](seed), layout, ...options, ...o });
    const fans = shape.length < 2 ? { fanIn: 3, fanOut: 4 } : {};
    const empty = shape.includes(0);
    const x: Float32Array = make(fans);
    expect(x.length).toBe(sizeOf(shape));
    if (!empty) {
      const { low, high, std, fanIn, fanOut } = init.describe(name, shape, { layout, ...options, ...fans } as Any);
      expect(x.every((v) => v >= Math.fround(low) && v <= Math.fround(high))).toBe(true);
      expect(std).toBeGreaterThanOrEqual(0);
      if (shape.length >= 2) {
        const turned = layout === 'io' ? shape : [...shape.slice(2), shape[1], shape[0]];
        const other = init.describe(name, turned, { layout: 'io', ...options } as Any);
        expect([other.fanIn, other.fanOut, other.std]).toEqual([fanIn, fanOut, std]);
      }
    }
    const out = copyTo(at, x).fill(9);
    expect(make({ ...fans, out })).toBe(out);
    expect(bits(out)).toBe(bits(x));
    const filled = tensor(shape, copyTo(at, x).fill(9));
    expect(fill(filled, { rng: random[kind](seed), layout, ...options, ...fans })).toBe(filled);
    expect(bits(filled.data)).toBe(bits(x));
    if (kind === 'philox') expect(bits(fill(shape, { seed, layout, ...options, ...fans }))).toBe(bits(x));
    if (kind !== 'torch') {
      const slice = ends.map((c) => c % (x.length + 1)).sort((a, b) => a - b);
      expect(bits(make({ ...fans, slice }))).toBe(bits(x.subarray(slice[0], slice[1])));
    }
    expect(guardsIntact()).toBe(true);
  },
);

property(
  'orthogonal, sparse, eye, deltaOrthogonal and dirac have their structure',
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
