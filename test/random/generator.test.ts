// What all generators have beside their distributions.

import { expect, test } from 'vitest';
import { random } from '../../src/index.js';

test('source gives 53 bits in [0, 1), made of two words as Python’s random does, and needs no `this`', () => {
  const { source } = random.philox(3);
  const other = random.philox(3);
  for (let i = 0; i < 50; i++) {
    const [a, b] = other.bits(2);
    const value = source();
    expect(value).toBe(((a >>> 5) * 67108864 + (b >>> 6)) / 9007199254740992);
    expect(value >= 0 && value < 1).toBe(true);
  }
  const rng = random.torch(1);
  const n = 20_000;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += rng.source();
  expect(Math.abs(sum / n - 0.5)).toBeLessThan(5 / Math.sqrt(12 * n));
});
