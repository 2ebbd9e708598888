import { describe, expect, test } from 'vitest';
import { init, random, tensor } from '../../src/index.js';
import vectors from '../vectors/functional.json' with { type: 'json' };

/** [out, in, ...kernel] to [...kernel, in, out]. */
function toIo(values: Float32Array, shape: readonly number[]): { values: Float32Array; shape: number[] } {
  const [outputs, inputs, ...kernel] = shape;
  const places = kernel.reduce((product, length) => product * length, 1);
  const out = new Float32Array(values.length);
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let p = 0; p < places; p++) out[(p * inputs + i) * outputs + o] = values[(o * inputs + i) * places + p];
  return { values: out, shape: [...kernel, inputs, outputs] };
}

test.each(vectors.structured)('$name of $shape with $options as PyTorch, in both layouts, whole and in parts', (c) => {
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
  ])('of %o: an orthogonal middle, zeros elsewhere', (shape, middle) => {
    const [outputs, inputs, ...kernel] = shape;
    const places = kernel.reduce((product, length) => product * length, 1);
    const w = init.deltaOrthogonal(shape, { seed: 1, gain: 3 });
    const q = init.orthogonal([outputs, inputs], { seed: 1, gain: 3 });
    w.forEach((v, k) => expect(v).toBe(k % places === middle ? q[Math.floor(k / places)] : 0));
    const io = toIo(w, shape);
    expect(init.deltaOrthogonal(io.shape, { seed: 1, gain: 3, layout: 'io' })).toEqual(io.values);
  });
  test('keeps its generator, fills a tensor, needs no fans and says what is wrong', () => {
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

test('what is wrong is said', () => {
  expect(() => init.eye([3])).toThrow(/shape \[3\] is no matrix; pass two axes/);
  expect(() => init.dirac([3, 3])).toThrow(/has no kernel/);
  expect(() => init.dirac([4, 2, 3], { groups: 3 })).toThrow(/4 outputs have no 3 equal groups/);
  expect(() => init.dirac([4, 2, 3], { groups: 0 })).toThrow(/groups is 0/);
  expect(() => init.eye([3, 3], { rng: random.philox(1) } as never)).toThrow(/unknown option rng/);
  const full = new Float32Array(3).fill(5);
  expect(() => init.eye([3, 3], { out: full })).toThrow(/out has 3 values/);
  expect([...full]).toEqual([5, 5, 5]);
});
