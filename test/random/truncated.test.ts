// The truncated normal, and the normal distribution function that it is drawn by.

import { describe, expect, test } from 'vitest';
import { random } from '../../src/index.js';
import { scalar } from '../../src/wasm/kernels.js';
import { randomModule } from '../../src/wasm/module.js';
import { KS_LIMIT, kolmogorovSmirnov, normalCdf } from '../oracle.js';

/** Bounds in standard deviations. */
const intervals = [
  [-2, 2],
  [-1, 3],
  [0, Infinity],
  [2, 4],
  [-8, 8],
  [0.1, 0.2],
];
/** PyTorch's algorithm cannot draw between these in binary32. */
const beyondTorch = [
  [-Infinity, -1],
  [-6, -5],
];

describe.each([
  ['philox', () => random.philox(2026), [...intervals, ...beyondTorch]],
  ['torch', () => random.torch(2026), intervals],
  ['torch 2.11', () => random.torch(2026, { release: '2.11' }), intervals],
] as const)('%s', (_, make, bounds) => {
  test.each(bounds)('truncated between %f and %f standard deviations', (low, high) => {
    const x = make().truncatedNormal(20_000, { mean: 1, std: 2, low, high });
    const inside = normalCdf(Math.max(low, -9), Math.min(high, 9));
    expect(kolmogorovSmirnov(x, (v) => inside((v - 1) / 2))).toBeLessThan(KS_LIMIT);
    expect(x.every((v) => v >= Math.fround(1 + 2 * low) && v <= Math.fround(1 + 2 * high))).toBe(true);
  });
});

test('random.torch refuses a tail that PyTorch’s algorithm takes too long to draw from', () => {
  expect(() => random.torch(0).truncatedNormal(10, { low: -Infinity, high: -1 })).toThrow(
    /narrower interval, or use random\.philox/,
  );
});

test('random.philox draws from tails beyond ten standard deviations', () => {
  const x = random.philox(1).truncatedNormal(20_000, { low: 10, high: 11 });
  const inside = normalCdf(10, 11);
  expect(kolmogorovSmirnov(x, inside)).toBeLessThan(KS_LIMIT);
  const y = random.philox(1).truncatedNormal(20_000, { low: -10.6, high: -10.4 });
  const other = normalCdf(-10.6, -10.4);
  expect(kolmogorovSmirnov(y, other)).toBeLessThan(KS_LIMIT);
});

test('the kernel’s normal distribution function has full relative accuracy in the left tail', () => {
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
