// Initialisers whose values depend on each other or on their position.

import { describe, expect, test } from 'vitest';
import { init, random, tensor } from '../../src/index.js';
import { KS_LIMIT, kolmogorovSmirnov, mean, noise, normalCdf } from '../oracle.js';
import vectors from '../vectors/functional.json' with { type: 'json' };

/** [out, in, ...kernel] to [...kernel, in, out]. */
function toIo(values: Float32Array, shape: readonly number[]): { values: Float32Array; shape: number[] } {
  const [outputs, inputs, ...kernel] = shape;
  const positions = kernel.reduce((product, length) => product * length, 1);
  const out = new Float32Array(values.length);
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let p = 0; p < positions; p++)
        out[(p * inputs + i) * outputs + o] = values[(o * inputs + i) * positions + p];
  return { values: out, shape: [...kernel, inputs, outputs] };
}

test.each(vectors.structured)('$name of $shape with $options as PyTorch, in both layouts, whole and in slices', (c) => {
  const make = init[c.name as 'dirac'];
  const values = Float32Array.from(c.values);
  expect(make(c.shape, c.options)).toEqual(values);
  if (c.name === 'dirac') {
    const io = toIo(values, c.shape);
    expect(make(io.shape, { ...c.options, layout: 'io' })).toEqual(io.values);
  }
  const target = tensor(c.shape, new Float32Array(values.length).fill(7));
  expect(make(target, c.options)).toBe(target);
  expect(target.data).toEqual(values);
  expect(make(c.shape, { ...c.options, slice: [1, 5] })).toEqual(values.slice(1, 5));
});

test('eye has a gain', () => {
  expect([...init.eye([2, 3], { gain: -2 })]).toEqual([-2, 0, 0, 0, -2, 0]);
  expect([...init.eye([2, 2], { gain: 0 })]).toEqual([0, 0, 0, 0]);
  expect(init.eye([0, 3]).length).toBe(0);
});

describe('deltaOrthogonal', () => {
  test.each([
    [[4, 4, 3], 1],
    [[6, 3, 3, 5], 1 * 5 + 2],
    [[3, 6, 2, 2, 3], 1],
  ])('of %o: an orthogonal matrix in the middle of the kernel, zeros elsewhere', (shape, middle) => {
    const [outputs, inputs, ...kernel] = shape;
    const positions = kernel.reduce((product, length) => product * length, 1);
    const w = init.deltaOrthogonal(shape, { seed: 1, gain: 3 });
    const q = init.orthogonal([outputs, inputs], { seed: 1, gain: 3 });
    w.forEach((v, k) => expect(v).toBe(k % positions === middle ? q[Math.floor(k / positions)] : 0));
    const io = toIo(w, shape);
    expect(init.deltaOrthogonal(io.shape, { seed: 1, gain: 3, layout: 'io' })).toEqual(io.values);
  });
  test('advances its generator, fills a tensor, needs no fans and refuses wrong shapes', () => {
    const rng = random.philox(3);
    const first = init.deltaOrthogonal([4, 4, 3, 3], { rng });
    expect(init.deltaOrthogonal([4, 4, 3, 3], { rng })).not.toEqual(first);
    const target = tensor([4, 4, 3, 3], new Float32Array(144).fill(9));
    expect(init.deltaOrthogonal(target, { seed: 3 }).data).toEqual(first);
    expect(init.deltaOrthogonal([0, 4, 3]).length).toBe(0);
    expect(() => init.deltaOrthogonal([4, 4])).toThrow(/shape \[4,4\] has no kernel; pass three axes or more/);
    expect(() => init.deltaOrthogonal([4, 4, 3], { slice: [0, 3] } as object)).toThrow(/depend on each other/);
  });
});

describe('orthogonal', () => {
  test.each([
    [1, 1],
    [8, 8],
    [5, 12],
    [12, 5],
    [1, 9],
    [9, 1],
    // Whole panels of four reflections, and what is left of them; an even and an odd number of vectors behind each.
    [4, 4],
    [6, 7],
    [35, 9],
    [11, 34],
    [65, 66],
    [64, 64],
    [33, 100],
  ])('%i x %i: the rows or the columns are orthonormal', (rows, columns) => {
    const w = init.orthogonal([rows, columns], { seed: 3 });
    const n = Math.min(rows, columns);
    const at = (vector: number, i: number) => (rows <= columns ? w[vector * columns + i] : w[i * columns + vector]);
    for (let a = 0; a < n; a++) {
      for (let b = 0; b <= a; b++) {
        let dot = 0;
        for (let i = 0; i < Math.max(rows, columns); i++) dot += at(a, i) * at(b, i);
        expect(Math.abs(dot - (a === b ? 1 : 0))).toBeLessThan(1e-5);
      }
    }
  });

  test('a product of a hundred keeps the length of a vector', () => {
    let x = noise(1, 64);
    const length = () => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
    const before = length();
    for (let layer = 0; layer < 100; layer++) {
      const w = init.orthogonal([64, 64], { seed: layer });
      x = Float32Array.from({ length: 64 }, (_, i) => x.reduce((sum, v, j) => sum + v * w[64 * i + j], 0));
    }
    expect(Math.abs(length() / before - 1)).toBeLessThan(1e-5);
  });

  test('gain, layout, more than two axes, and signs without bias', () => {
    const one = init.orthogonal([4, 6], { seed: 5 });
    init.orthogonal([4, 6], { seed: 5, gain: -2 }).forEach((v, i) => expect(v).toBe(-2 * one[i]));
    expect(init.orthogonal([4, 3, 2], { seed: 5 })).toEqual(one);
    expect(init.orthogonal([3, 2, 4], { seed: 5, layout: 'io' })).toEqual(init.orthogonal([6, 4], { seed: 5 }));
    const corners = Float32Array.from({ length: 2000 }, (_, seed) => init.orthogonal([2, 2], { seed })[0]);
    expect(Math.abs(mean(corners))).toBeLessThan(5 * Math.sqrt(0.5 / corners.length)); // cos of a uniform angle
    expect(() => init.orthogonal([3, 3], { slice: [0, 3] } as object)).toThrow(/depend on each other/);
    expect(() => init.orthogonal([9])).toThrow(/no matrix/);
  });
});

describe.each([1, 2, 4])('orthogonal with %i groups', (groups) => {
  test('each group has an orthogonal matrix of its own, in both layouts', () => {
    const shape = [8, 3, 2];
    const w = init.orthogonal(shape, { seed: 2, groups, gain: 1.5 });
    const [rows, columns] = [8 / groups, 6];
    for (let g = 0; g < groups; g++) {
      const at = (r: number, c: number) => w[(g * rows + r) * columns + c];
      const [few, many] = [Math.min(rows, columns), Math.max(rows, columns)];
      for (let a = 0; a < few; a++) {
        for (let b = 0; b <= a; b++) {
          let dot = 0;
          for (let i = 0; i < many; i++) dot += rows <= columns ? at(a, i) * at(b, i) : at(i, a) * at(i, b);
          expect(Math.abs(dot - (a === b ? 2.25 : 0))).toBeLessThan(1e-5);
        }
      }
    }
    expect(init.orthogonal(shape, { seed: 2, groups, gain: 1.5, transposed: true })).toEqual(w);
    // A group's columns, taken out of the whole, are a matrix by themselves.
    const io = init.orthogonal([2, 3, 8], { seed: 2, groups, layout: 'io' });
    for (let g = 0; g < groups; g++) {
      for (let a = 0; a < rows; a++) {
        for (let b = 0; b <= a; b++) {
          let dot = 0;
          for (let i = 0; i < columns; i++) dot += io[i * 8 + g * rows + a] * io[i * 8 + g * rows + b];
          if (rows <= columns) expect(Math.abs(dot - Number(a === b))).toBeLessThan(1e-5);
        }
      }
    }
  });

  test('deltaOrthogonal has them in the middle of its kernel', () => {
    const w = init.deltaOrthogonal([8, 3, 5], { seed: 1, groups });
    const q = init.orthogonal([8, 3], { seed: 1, groups });
    w.forEach((v, k) => expect(v).toBe(k % 5 === 2 ? q[Math.floor(k / 5)] : 0));
  });
});

test('sparse: each column has as many zeros as the sparsity says', () => {
  const w = init.sparse([10, 50], { sparsity: 0.25, seed: 1 });
  for (let column = 0; column < 50; column++) {
    let zeros = 0;
    for (let row = 0; row < 10; row++) if (w[row * 50 + column] === 0) zeros++;
    expect(zeros).toBe(3);
  }
  expect(init.sparse([10, 5], { sparsity: 0, seed: 1 }).every((v) => v !== 0)).toBe(true);
  expect(init.sparse([10, 5], { sparsity: 1, seed: 1 }).every((v) => v === 0)).toBe(true);
});

test('sparse: the other values are normal', () => {
  const [rows, columns, sparsity, std] = [43, 37, 0.17, 0.06];
  const w = init.sparse([rows, columns], { sparsity, std, seed: 5 });
  const zeros = Math.ceil(sparsity * rows);
  for (let c = 0; c < columns; c++) expect(w.filter((v, i) => i % columns === c && v === 0).length).toBe(zeros);
  const standard = normalCdf();
  const others = w.filter((v) => v !== 0);
  expect(kolmogorovSmirnov(others, (v) => standard(v / std))).toBeLessThan(KS_LIMIT);
});

test('wrong shapes and options are errors, and nothing is written', () => {
  expect(() => init.eye([3])).toThrow(/shape \[3\] is no matrix; pass two axes/);
  expect(() => init.dirac([3, 3])).toThrow(/has no kernel/);
  expect(() => init.dirac([4, 2, 3], { groups: 3 })).toThrow(/4 outputs have no 3 equal groups/);
  expect(() => init.dirac([4, 2, 3], { groups: 0 })).toThrow(/groups is 0/);
  expect(() => init.eye([3, 3], { rng: random.philox(1) } as never)).toThrow(/unknown option rng/);
  const full = new Float32Array(3).fill(5);
  expect(() => init.eye([3, 3], { out: full })).toThrow(/out has 3 values/);
  expect([...full]).toEqual([5, 5, 5]);
});
