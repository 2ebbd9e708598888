// Layer-sequential unit-variance initialisation.

import { expect, test } from 'vitest';
import { nn, random } from '../../src/index.js';
import { noise, variance } from '../oracle.js';

test.each(['tanh', 'relu', 'gelu'] as const)(
  'ten layers with %s, fused or not: the outputs of each have variance 1',
  (f) => {
    const layers = (fused: boolean) =>
      Array.from({ length: 10 }, (_, i) => {
        const layer = nn.linear(i === 0 ? 20 : 40, 40, { seed: i, ...(fused ? { activation: f } : {}) });
        layer.bias?.data.fill(0);
        return fused ? [layer] : [layer, nn.activation(f)];
      }).flat();
    const x = random.philox(1).normal(20 * 100);
    const reports = [true, false].map((fused) => {
      const model = nn.sequential(layers(fused));
      const report = nn.lsuv(model, x, { seed: 2 });
      // Without biases one rescaling is enough.
      for (const { variance: v, rounds } of report) {
        expect(Math.abs(v - 1)).toBeLessThan(0.1);
        expect(rounds).toBeLessThanOrEqual(1);
      }
      return { report: report.map(({ variance, rounds }) => ({ variance, rounds })), out: model.forward(x) };
    });
    expect(reports[0]).toEqual(reports[1]);
  },
);

test('the report has the variance of the outputs; weights are orthogonal times a number, and differ between layers', () => {
  const model = nn.sequential([nn.linear(8, 8, { seed: 1 }), nn.linear(8, 8, { seed: 2 })]);
  model.parameters['1.bias'].data.fill(0); // the variance is that without the bias
  const x = noise(3, 8 * 500, 5); // more rows than a batch of the model
  const [first, second] = nn.lsuv(model, x, { seed: 0, tolerance: 1e-3 });
  expect(first.layer).toBe(0);
  expect(Math.abs(second.variance - variance(model.forward(x)))).toBeLessThan(1e-6);
  const [a, b] = [model.parameters['0.weight'].data, model.parameters['1.weight'].data];
  const dot = (w: Float32Array, i: number, j: number) => {
    let sum = 0;
    for (let k = 0; k < 8; k++) sum += w[8 * i + k] * w[8 * j + k];
    return sum;
  };
  for (let i = 1; i < 8; i++) {
    expect(Math.abs(dot(a, i, i) / dot(a, 0, 0) - 1)).toBeLessThan(1e-5);
    expect(Math.abs(dot(a, i, 0) / dot(a, 0, 0))).toBeLessThan(1e-5);
  }
  expect(Math.abs(a[0] / b[0] - a[1] / b[1])).toBeGreaterThan(1e-3);
  expect(nn.lsuv(model, x, { seed: 0, tolerance: 1e-30, rounds: 3 }).map(({ rounds }) => rounds)).toEqual([3, 3]);
  nn.lsuv(model, x, { seed: 0, tolerance: 1e-3 });
  const again = nn.sequential([nn.linear(8, 8, { seed: 1 }), nn.linear(8, 8, { seed: 2 })]);
  nn.lsuv(again, x, { seed: 0, tolerance: 1e-3 });
  expect(again.parameters['0.weight'].data.slice()).toEqual(a.slice());
});

test('outputs of variance 0 are an error, and the model is unchanged', () => {
  const model = nn.sequential([nn.linear(2, 3, { seed: 1 }), nn.linear(3, 2, { seed: 2 })]);
  const before = Object.values(model.parameters).map(({ data }) => data.slice());
  expect(() => nn.lsuv(model, new Float32Array(8), { seed: 1 })).toThrow(/layer 0 makes values of variance 0/);
  expect(Object.values(model.parameters).map(({ data }) => data.slice())).toEqual(before);
});

test('wrong arguments are errors', () => {
  const model = nn.sequential([nn.linear(2, 3, { seed: 1 })]);
  expect(() => nn.lsuv(model, new Float32Array(0))).toThrow(/x has no rows/);
  expect(() => nn.lsuv(model, noise(1, 3))).toThrow(/no whole number of rows of 2/);
  expect(() => nn.lsuv(model, Float32Array.of(Number.NaN, 1))).toThrow(/x\[0\] is NaN; pass a batch of finite numbers/);
  expect(() => nn.lsuv({} as never, noise(1, 4))).toThrow(/pass one made by nn.sequential/);
  expect(() => nn.lsuv(model, noise(1, 4), { tolerance: 0 })).toThrow(/tolerance is 0/);
});
