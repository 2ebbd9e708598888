// softmax, its logarithm and the logarithm of its sum, over rows and axes.

import { describe, expect, test } from 'vitest';
import { softmax, workspace } from '../../src/index.js';
import { noise, ulps } from '../oracle.js';
import vectors from '../vectors/functional.json' with { type: 'json' };

/** Softmax of a row in double precision. */
function exact(row: Float32Array): number[] {
  const top = Math.max(...row);
  const e = Array.from(row, (v) => Math.exp(v - top));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}
const logExact = (row: Float32Array) => {
  const top = Math.max(...row);
  const sum = Array.from(row, (v) => Math.exp(v - top)).reduce((a, b) => a + b, 0);
  return Array.from(row, (v) => v - top - Math.log(sum));
};

/** By the names of the vectors. */
const functions = { softmax, log: softmax.log, logSumExp: softmax.logSumExp } as never as Record<
  string,
  { forward(x: Float32Array, o: object): Float32Array; backward(o: object): Float32Array }
>;

test.each(vectors.axes.filter(({ name }) => name in functions))(
  '$name of $shape along $axis, forward and backward, as PyTorch',
  (c) => {
    const [x, dy] = [Float32Array.from(c.x), Float32Array.from(c.dy)];
    const where = { shape: c.shape, axis: c.axis };
    const { forward, backward } = functions[c.name];
    const y = forward(x, where);
    y.forEach((v, i) => expect(Math.abs(v - c.y[i])).toBeLessThan(3e-7 * Math.max(1, Math.abs(c.y[i]))));
    const saved = c.name === 'logSumExp' ? { x } : { y };
    const dx = backward({ ...saved, dy, ...where });
    dx.forEach((v, i) => expect(Math.abs(v - c.dx[i])).toBeLessThan(1e-6 * Math.max(1, Math.abs(c.dx[i]))));
  },
);

const shapes = [
  [1, 1],
  [3, 2],
  [5, 3],
  [4, 4],
  [7, 10],
  [100, 10],
  [2, 1000],
  [1, 40000],
  [3000, 17],
];

describe.each(shapes)('%i rows of %i', (rows, columns) => {
  const x = noise(rows + columns, rows * columns, 12);
  const dy = noise(1, rows * columns);
  const row = (a: Float32Array, r: number) => a.subarray(r * columns, (r + 1) * columns);

  test('softmax is within 2 ulp, and each row sums to 1', () => {
    const y = softmax.forward(x, { rows, columns });
    for (let r = 0; r < rows; r++) {
      exact(row(x, r)).forEach((v, i) => expect(ulps(row(y, r)[i], v)).toBeLessThanOrEqual(2));
      expect(Math.abs(row(y, r).reduce((a, b) => a + b, 0) - 1)).toBeLessThan(2e-6);
    }
  });

  test('its logarithm is within 1 ulp', () => {
    const y = softmax.log.forward(x, { columns });
    for (let r = 0; r < rows; r++) {
      logExact(row(x, r)).forEach((v, i) => {
        // Near 0 the result is a difference of nearly equal terms: there the error is at most 2^-24 of the terms.
        expect(Math.min(ulps(row(y, r)[i], v), Math.abs(row(y, r)[i] - v) * 2 ** 24)).toBeLessThan(1);
      });
    }
  });

  test('the gradients', () => {
    const y = softmax.forward(x, { columns });
    const dx = softmax.backward({ y, dy, columns });
    const ly = softmax.log.forward(x, { columns });
    const ldx = softmax.log.backward({ y: ly, dy, columns });
    for (let r = 0; r < rows; r += Math.ceil(rows / 10)) {
      const [p, g] = [Array.from(row(y, r)), Array.from(row(dy, r))];
      const dot = p.reduce((sum, v, i) => sum + v * g[i], 0);
      const sum = g.reduce((a, b) => a + b, 0);
      p.forEach((v, i) => expect(Math.abs(row(dx, r)[i] - v * (g[i] - dot))).toBeLessThan(1e-7));
      p.forEach((_, i) =>
        expect(Math.abs(row(ldx, r)[i] - (g[i] - Math.exp(row(ly, r)[i]) * sum))).toBeLessThan(
          3e-7 * (1 + Math.abs(sum)),
        ),
      );
    }
  });

  test('in place, in a workspace and on copies: the same bits', () => {
    const ws = workspace({ bytes: 12 * rows * columns + 64 });
    const inside = ws.float32(rows * columns);
    const g = ws.float32(rows * columns);
    inside.set(x);
    g.set(dy);
    const y = softmax.forward(x, { columns });
    softmax.forward(inside, { columns, out: inside });
    expect(inside).toEqual(new Float32Array(y));
    softmax.backward({ y: inside, dy: g, columns, out: g });
    expect(Array.from(g)).toEqual(Array.from(softmax.backward({ y, dy, columns })));
  });
});

test('logSumExp of infinities, of NaN and of no values', () => {
  const of = (...x: number[]) => softmax.logSumExp.forward(Float32Array.from(x), { columns: 2 });
  expect([...of(-Infinity, -Infinity, Infinity, 3, -Infinity, 2)]).toEqual([-Infinity, Infinity, 2]);
  expect(of(Number.NaN, 1)[0]).toBeNaN();
  expect([...softmax.logSumExp.forward(new Float32Array(0), { shape: [2, 0] })]).toEqual([-Infinity, -Infinity]);
  expect([...softmax.logSumExp.forward(new Float32Array(0), { shape: [0, 2], axis: 0 })]).toEqual([
    -Infinity,
    -Infinity,
  ]);
});

test('large and infinite inputs, and NaN', () => {
  const y = (...x: number[]) => [...softmax.forward(Float32Array.from(x), { columns: x.length })];
  expect(y(1000, 1000)).toEqual([0.5, 0.5]);
  expect(y(-1e30, 0, -1e30)).toEqual([0, 1, 0]);
  expect(y(-Infinity, 3)).toEqual([0, 1]);
  expect(y(Number.NaN, 3).every(Number.isNaN)).toBe(true);
  expect(y(Infinity, 3).every(Number.isNaN)).toBe(true);
  expect(y(-Infinity, -Infinity).every(Number.isNaN)).toBe(true);
  expect([...softmax.log.forward(Float32Array.of(0, -200), { columns: 2 })]).toEqual([0, -200]);
  expect([...softmax.log.forward(Float32Array.of(1e17, 1e17), { columns: 2 })]).toEqual([
    -Math.fround(Math.LN2),
    -Math.fround(Math.LN2),
  ]);
  expect(softmax.forward(new Float32Array(0), { columns: 3 }).length).toBe(0);
});
