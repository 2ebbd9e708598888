// Theory beside networks that are drawn and measured: many, wide and deep ones.

import { describe, expect, test } from 'vitest';
import { diagnose, init, nn, random } from '../../src/index.js';
import { measured, named } from './networks.js';

const { theory } = diagnose;

// One draw of a chaotic network says little of another; what underflows float32 cannot be measured in it to a tenth.
describe.each(named.filter(([, , , [, , , ratio]]) => ratio < 10 && ratio > 1e-40))(
  '%s x %i, %o',
  (activation, depth, spec, [, , , ratio]) => {
    test('a network agrees: log10 of g_1 / g_L to 0.1, the mean of eight', () => {
      const widths = new Array<number>(depth + 1).fill(256);
      const { layers } = theory({ widths, activation: activation as 'tanh', ...spec } as Parameters<typeof theory>[0]);
      const logs = Array.from({ length: 8 }, (_, seed) => {
        const variance = layers.map(({ weightVariance }) => weightVariance);
        const { q, gradient } = measured(activation as 'tanh', widths, variance, seed);
        expect(q[depth - 1]).toBeGreaterThan(layers[depth - 1].band.preactivation[0] / 2);
        expect(q[depth - 1]).toBeLessThan(layers[depth - 1].band.preactivation[1] * 2);
        return gradient[0] / gradient[depth - 1];
      });
      const mean = logs.reduce((a, b) => a + b, 0) / logs.length;
      expect(Math.abs(Math.log10(mean / ratio))).toBeLessThan(0.1);
    });
  },
);

// Width 512, depth 30: the mean logarithm over networks is within four standard errors of the theory's log-normal,
// whose standard deviation the band tells; signal and gradient, at every layer.
test.each([
  ['tanh', 1],
  ['relu', 2],
  ['gelu', 2.3517],
] as const)('%s at width 512 and depth 30 is what a probe measures', (f, v) => {
  const [depth, networks] = [30, 8];
  const widths = new Array<number>(depth + 1).fill(512);
  const expected = theory({ widths, activation: f, weightVariance: v });
  const runs = Array.from({ length: networks }, (_, seed) =>
    measured(f, widths, new Array(depth).fill(v), 100 + seed, 8),
  );
  expected.layers.forEach(({ preactivation, gradient, band }, l) => {
    const check = (values: number[], mean: number, [low, high]: [number, number]) => {
      // low and high are two standard deviations of the logarithm from its mean, which is below the logarithm of the
      // mean.
      const std = Math.log(high / low) / 4;
      const logarithm = Math.log(mean) - (std * std) / 2;
      const average = values.reduce((sum, value) => sum + Math.log(value), 0) / networks;
      expect(Math.abs(average - logarithm), `layer ${l}`).toBeLessThanOrEqual((4 * std) / Math.sqrt(networks));
    };
    check(
      runs.map(({ q }) => q[l]),
      preactivation,
      band.preactivation,
    );
    const ratios = runs.map((run) => run.gradient[l] / run.gradient[depth - 1]);
    check(ratios, gradient, band.gradient);
  });
});

test('ReLU with He: E M_L = 1, and one layer varies by 5 / n', () => {
  const [n, networks] = [64, 4000];
  const depths = { one: 1, five: 5 };
  for (const [name, depth] of Object.entries(depths)) {
    const x = new Float32Array(n).fill(1);
    const rng = random.philox(`M ${name}`);
    const layers = Array.from({ length: depth }, () => nn.linear(n, n, { seed: 0, bias: false, activation: 'relu' }));
    const model = nn.sequential(layers);
    const values = Array.from({ length: networks }, () => {
      for (const { weight } of layers) init.kaimingNormal(weight, { rng });
      return model.forward(x).reduce((sum, y) => sum + y * y, 0) / n;
    });
    const mean = values.reduce((a, b) => a + b, 0) / networks;
    const variance = values.reduce((sum, m) => sum + (m - 1) ** 2, 0) / networks;
    const expected = (1 + 5 / n) ** depth - 1;
    expect(Math.abs(mean - 1)).toBeLessThan(5 * Math.sqrt(expected / networks));
    // One layer is a mean of n independent squares; its variance has a kurtosis near 3 + 100 / n.
    if (depth === 1) expect(Math.abs(variance / expected - 1)).toBeLessThan(5 * Math.sqrt((2 + 100 / n) / networks));
  }
});
