// prelu as a function; as a layer it is in nn/layers.

import { expect, test } from 'vitest';
import { activation, workspace } from '../../src/index.js';
import { noise } from '../oracle.js';
import vectors from '../vectors/functional.json' with { type: 'json' };

const { forward, backward } = activation.prelu;
const f32 = (x: number[]) => Float32Array.from(x);

test.each(vectors.prelu)('shape $shape, as PyTorch', (c) => {
  const given = { slopes: f32(c.slopes), ...(c.slopes.length > 1 ? { shape: c.shape, axis: 1 } : {}) };
  const [x, dy] = [f32(c.x), f32(c.dy)];
  forward(x, given).forEach((v, i) => expect(Math.abs(v - c.y[i])).toBeLessThan(2e-7 * Math.abs(c.y[i]) + 1e-12));
  const { dx, dslopes } = backward({ x, dy, ...given });
  dx.forEach((v, i) => expect(Math.abs(v - c.dx[i])).toBeLessThan(2e-7 * Math.abs(c.dx[i]) + 1e-12));
  dslopes.forEach((v, i) => expect(Math.abs(v - c.dslopes[i])).toBeLessThan(1e-6));
});

test('channels are the last axis by default; in place, in a workspace and on copies: the same bits', () => {
  const [x, dy, slopes] = [noise(1, 35_000, 3), noise(2, 35_000), noise(3, 7)];
  const y = forward(x, { slopes });
  y.forEach((v, i) => expect(v).toBe(x[i] > 0 ? x[i] : Math.fround(x[i] * slopes[i % 7])));
  expect(y).toEqual(forward(x, { slopes, shape: [5000, 7] }));
  const ws = workspace({ bytes: 1 << 20 });
  const [wx, wdy] = [ws.float32(35_000), ws.float32(35_000)];
  wx.set(x);
  wdy.set(dy);
  const copied = backward({ x, dy, slopes });
  const inside = backward({ x: wx, dy: wdy, slopes, out: wdy });
  expect(inside.dx).toBe(wdy);
  expect(Array.from(wdy)).toEqual(Array.from(copied.dx));
  expect(inside.dslopes).toEqual(copied.dslopes);
  forward(wx, { slopes, out: wx });
  expect(Array.from(wx)).toEqual(Array.from(y));
});

test('one slope for all channels is leakyRelu, at any length', () => {
  for (const n of [0, 1, 3, 4, 5, 16384, 16387, 40_001]) {
    const x = noise(4, n, 3);
    const slopes = Float32Array.of(0.3);
    expect(forward(x, { slopes })).toEqual(activation.leakyRelu.forward(x, { slope: 0.3 }));
    const dy = noise(5, n);
    const { dx, dslopes } = backward({ x, dy, slopes });
    const y = activation.leakyRelu.forward(x, { slope: 0.3 });
    expect(dx).toEqual(activation.leakyRelu.backward({ y, dy, slope: 0.3 }));
    expect(dslopes[0]).toBe(Math.fround(x.reduce((sum, v, i) => (v < 0 ? sum + v * dy[i] : sum), 0)));
  }
});

test('NaN stays NaN, a slope may be negative, 0 has the slope and adds nothing to its gradient', () => {
  const slopes = Float32Array.of(-2);
  expect([...forward(Float32Array.of(Number.NaN, -1, 0, 1), { slopes })]).toEqual([Number.NaN, 2, -0, 1]);
  const { dx, dslopes } = backward({ x: Float32Array.of(0), dy: Float32Array.of(Infinity), slopes });
  expect([dx[0], dslopes[0]]).toEqual([-Infinity, 0]);
});

test('NaN stays NaN backward, in whole vectors and in the remainder', () => {
  const x = new Float32Array(14).fill(Number.NaN);
  const slopes = noise(1, 7);
  expect(backward({ x, dy: noise(2, 14), slopes }).dx.every(Number.isNaN)).toBe(true);
  expect(backward({ x, dy: noise(2, 14), slopes: noise(1, 1) }).dx.every(Number.isNaN)).toBe(true);
  expect(forward(new Float32Array(0), { slopes: noise(1, 2), shape: [3, 2, 0], axis: 1 }).length).toBe(0);
  expect(() => forward(x, { slopes, axis: 1 })).toThrow(/axis without shape/);
});

test('wrong arguments are errors', () => {
  expect(() => forward(noise(1, 8), { slopes: noise(1, 3) })).toThrow(
    /x has 8 values, no whole number of rows of 3 slopes; pass shape and axis/,
  );
  expect(() => forward(noise(1, 8), { slopes: noise(1, 3), shape: [2, 4] })).toThrow(
    /slopes has 3 values and the axis 4/,
  );
  expect(() => forward(noise(1, 8), {} as never)).toThrow(/slopes is undefined; pass a Float32Array/);
  expect(() => forward(noise(1, 8), { slopes: new Float32Array(0) })).toThrow(/slopes is empty/);
});
