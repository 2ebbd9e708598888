import { describe, expect, test } from 'vitest';
import { random } from '../../src/index.js';
import { scalar } from '../../src/wasm/kernels.js';
import { randomModule } from '../../src/wasm/module.js';
import { KS_LIMIT, kolmogorovSmirnov, mean, normalCdf, variance } from '../oracle.js';

const n = 200_000;
const cdf = normalCdf();
const generators = {
  philox: () => random.philox(2026),
  torch: () => random.torch(2026),
  'torch 2.11': () => random.torch(2026, { release: '2.11' }),
};

/** Mean and variance within five standard errors; `kurtosis` is the fourth central moment over the variance squared. */
function holds(x: Float32Array, m: number, v: number, kurtosis: number) {
  expect(Math.abs(mean(x) - m)).toBeLessThan(5 * Math.sqrt(v / x.length));
  expect(Math.abs(variance(x, m) / v - 1)).toBeLessThan(5 * Math.sqrt((kurtosis - 1) / x.length));
}

/** Bounds in deviations; those that PyTorch's own rules cannot draw from in binary32 are Philox's alone. */
const intervals = [
  [-2, 2],
  [-1, 3],
  [0, Infinity],
  [2, 4],
  [-8, 8],
  [0.1, 0.2],
];
const beyondTorch = [
  [-Infinity, -1],
  [-6, -5],
];

describe.each(Object.entries(generators))('%s', (name, generator) => {
  test.each([
    [0, 1],
    [-0.05, 0.05],
    [3, 7],
  ])('uniform on [%f, %f)', (low, high) => {
    const x = generator().uniform(n, { low, high });
    const width = high - low;
    holds(x, low + width / 2, width ** 2 / 12, 1.8);
    expect(kolmogorovSmirnov(x, (v) => (v - low) / width)).toBeLessThan(KS_LIMIT);
    expect(x.every((v) => v >= Math.fround(low) && v < Math.fround(high))).toBe(true);
  });

  test.each([
    [0, 1],
    [3, 0.02],
    [-1, 10],
  ])('normal of mean %f and deviation %f', (m, std) => {
    const x = generator().normal(n, { mean: m, std });
    holds(x, m, std ** 2, 3);
    expect(kolmogorovSmirnov(x, (v) => cdf((v - m) / std))).toBeLessThan(KS_LIMIT);
  });

  test.each(name === 'philox' ? [...intervals, ...beyondTorch] : intervals)(
    'normal between %f and %f deviations',
    (low, high) => {
      const x = generator().truncatedNormal(20_000, { mean: 1, std: 2, low, high });
      const inside = normalCdf(Math.max(low, -9), Math.min(high, 9));
      expect(kolmogorovSmirnov(x, (v) => inside((v - 1) / 2))).toBeLessThan(KS_LIMIT);
      expect(x.every((v) => v >= Math.fround(1 + 2 * low) && v <= Math.fround(1 + 2 * high))).toBe(true);
    },
  );

  test.each([0.001, 0.25, 0.5, 0.999])('bernoulli of p = %f', (p) => {
    const x = generator().bernoulli(n, { p });
    expect(x.every((v) => v === 0 || v === 1)).toBe(true);
    expect(Math.abs(mean(x) - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n));
  });

  test('what leaves nothing to chance', () => {
    const rng = generator();
    const same = (x: Float32Array, value: number) => expect([...x]).toEqual([...x].map(() => Math.fround(value)));
    same(rng.uniform(20, { low: 3, high: 3 }), 3);
    same(rng.normal(20, { mean: 0.1, std: 0 }), 0.1);
    same(rng.truncatedNormal(20, { mean: 5, std: 0 }), 5);
    same(rng.truncatedNormal(20, { mean: 5, low: 1, high: 2, absolute: true, std: 0 }), 2);
    same(rng.truncatedNormal(20, { mean: 5, low: 3, high: 3, absolute: true }), 3);
    same(rng.bernoulli(20, { p: 0 }), 0);
    same(rng.bernoulli(20, { p: 1 }), 1);
  });
});

test('the rules of PyTorch cannot draw from a far tail without end, and say so', () => {
  expect(() => random.torch(0).truncatedNormal(10, { low: -Infinity, high: -1 })).toThrow(
    /narrower interval, or use random\.philox/,
  );
});

test('the truncated normal of philox reaches far tails', () => {
  const x = random.philox(1).truncatedNormal(20_000, { low: 10, high: 11 });
  const inside = normalCdf(10, 11);
  expect(kolmogorovSmirnov(x, inside)).toBeLessThan(KS_LIMIT);
  const y = random.philox(1).truncatedNormal(20_000, { low: -10.6, high: -10.4 });
  const other = normalCdf(-10.6, -10.4);
  expect(kolmogorovSmirnov(y, other)).toBeLessThan(KS_LIMIT);
});

test('rounding never reaches high: between two neighbours there is only low', () => {
  const draw = { low: 1, high: 1 + 2 ** -23 };
  expect(
    random
      .philox(1)
      .uniform(1000, draw)
      .every((v) => v === 1),
  ).toBe(true);
  expect(
    random
      .torch(1)
      .uniform(1000, draw)
      .every((v) => v === 1),
  ).toBe(true);
  expect(
    random
      .torch(1, { release: '2.11' })
      .uniform(1000, draw)
      .some((v) => v > 1),
  ).toBe(true); // as PyTorch was
});

test('neighbours in a draw are uncorrelated: lags 1 to 8 of every distribution', () => {
  const rng = random.philox(5);
  for (const x of [rng.uniform(n), rng.normal(n), rng.truncatedNormal(n), rng.bernoulli(n)]) {
    const m = mean(x);
    const v = variance(x, m);
    for (let lag = 1; lag <= 8; lag++) {
      let sum = 0;
      for (let i = lag; i < n; i++) sum += (x[i] - m) * (x[i - lag] - m);
      expect(Math.abs(sum / n / v)).toBeLessThan(5 / Math.sqrt(n));
    }
  }
});

test('the normal distribution function keeps its digits in the left tail', () => {
  // Phi(-x) to 15 digits, by mpmath.
  const known: [number, number][] = [
    [0, 0.5],
    [-1, 0.158655253931457],
    [-2.5, 0.00620966532577613],
    [-3, 0.00134989803163009],
    [-5, 2.86651571879194e-7],
    [-10, 7.61985302416053e-24],
    [-20, 2.75362411860623e-89],
    [1.5, 0.933192798731142],
    [8, 0.999999999999999],
  ];
  for (const [x, p] of known) expect(Math.abs(scalar(randomModule, 'normalCdf', x) / p - 1)).toBeLessThan(2e-13);
  expect(scalar(randomModule, 'normalCdf', -Infinity)).toBe(0);
  expect(scalar(randomModule, 'normalCdf', Infinity)).toBe(1);
});
