import { expect, test } from 'vitest';
import { nn, random } from '../src/index.js';
import { noise, variance } from './oracle.js';

test.each(['tanh', 'relu', 'gelu'] as const)(
  'ten layers with %s, fused or not: each makes variance 1 of the batch',
  (f) => {
    const layers = (fused: boolean) =>
      Array.from({ length: 10 }, (_, i) => {
        const made = nn.linear(i === 0 ? 20 : 40, 40, { seed: i, ...(fused ? { activation: f } : {}) });
        made.bias?.data.fill(0);
        return fused ? [made] : [made, nn.activation(f)];
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

test('what it says is what the layer makes; weights are orthogonal times a number, and differ from layer to layer', () => {
  const model = nn.sequential([nn.linear(8, 8, { seed: 1 }), nn.linear(8, 8, { seed: 2 })]);
  const x = noise(3, 8 * 50, 5);
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
  const again = nn.sequential([nn.linear(8, 8, { seed: 1 }), nn.linear(8, 8, { seed: 2 })]);
  nn.lsuv(again, x, { seed: 0, tolerance: 1e-3 });
  expect(again.parameters['0.weight'].data.slice()).toEqual(a.slice());
});

test('what is wrong is said', () => {
  const model = nn.sequential([nn.linear(2, 3, { seed: 1 })]);
  expect(() => nn.lsuv(model, new Float32Array(0))).toThrow(/x has no rows/);
  expect(() => nn.lsuv(model, noise(1, 3))).toThrow(/no whole number of rows of 2/);
  expect(() => nn.lsuv(model, Float32Array.of(Number.NaN, 1))).toThrow(/layer 0 makes values of variance NaN/);
  expect(() => nn.lsuv({} as never, noise(1, 4))).toThrow(/pass one made by nn.sequential/);
  expect(() => nn.lsuv(model, noise(1, 4), { tolerance: 0 })).toThrow(/tolerance is 0/);
});
