// Other libraries draw from a generator, and hosts that lack something.

import { randomNormal } from 'd3-random';
import { expect, test, vi } from 'vitest';
import { random } from '../../src/index.js';
import { mean, variance } from '../oracle.js';

test('d3-random draws from the source of a generator', () => {
  const normal = randomNormal.source(random.philox(4).source)(2, 3);
  const values = Float32Array.from({ length: 20_000 }, normal);
  expect(Math.abs(mean(values) - 2)).toBeLessThan((5 * 3) / Math.sqrt(20_000));
  expect(Math.abs(variance(values) / 9 - 1)).toBeLessThan(5 * Math.sqrt(2 / 20_000));
  expect(randomNormal.source(random.philox(4).source)(2, 3)()).toBe(
    randomNormal.source(random.philox(4).source)(2, 3)(),
  );
});

test('the package loads without TextEncoder, and seeds that are numbers need none', async () => {
  vi.resetModules();
  vi.stubGlobal('TextEncoder', undefined);
  try {
    const { random: loaded } = await import('../../src/index.js');
    expect(loaded.philox(3).bits(4)).toEqual(random.philox(3).bits(4));
    expect(() => loaded.philox('text')).toThrow(/TextEncoder/);
  } finally {
    vi.unstubAllGlobals();
  }
});
