// Dropout as a function; as a layer it is in nn/layers.

import { expect, test } from 'vitest';
import { activation, random } from '../../src/index.js';
import { noise } from '../oracle.js';

const { forward, backward } = activation.dropout;

test.each([0, 0.1, 0.5, 0.9, 1])('p = %d: that share of zeros, the others scaled so that the mean stays', (p) => {
  const n = 100_000;
  const x = new Float32Array(n).fill(2);
  const y = forward(x, { p, seed: 1 });
  const zeros = y.filter((v) => v === 0).length;
  expect(Math.abs(zeros / n - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / n));
  const scaled = Math.fround(2 * Math.fround(1 / (1 - p)));
  expect(y.every((v) => v === 0 || v === scaled)).toBe(true);
});

test('the same seed makes the same mask, forward and backward; another seed makes another', () => {
  const [x, dy] = [noise(1, 1000), noise(2, 1000)];
  const y = forward(x, { seed: 'mask' });
  expect(forward(x, { seed: 'mask' })).toEqual(y);
  expect(forward(x, { seed: 'other' })).not.toEqual(y);
  const dx = backward({ dy, seed: 'mask' });
  y.forEach((v, i) => expect(dx[i]).toBe(v === 0 ? 0 : 2 * dy[i]));
  const rng = random.philox(3);
  const state = rng.state();
  const first = forward(x, { rng });
  expect(forward(x, { rng })).not.toEqual(first);
  expect(forward(x, { rng: random.restore(state), out: x })).toEqual(first);
});

test('NaN stays NaN, an infinity that is dropped is 0', () => {
  const y = forward(new Float32Array(64).fill(Infinity), { seed: 0 });
  expect(new Set(y)).toEqual(new Set([0, Infinity]));
  expect(forward(new Float32Array(64).fill(Number.NaN), { seed: 0 }).every(Number.isNaN)).toBe(true);
});

test('wrong arguments are errors', () => {
  expect(() => backward({ dy: noise(1, 3) })).toThrow(/neither seed nor rng; pass forward's seed/);
  expect(() => forward(noise(1, 3), { p: 1.1 })).toThrow(/p is 1.1; pass a number at least 0 and at most 1/);
  expect(() => backward({ dy: [1] as never, seed: 1 })).toThrow(/dy is the array \[1\]/);
});
