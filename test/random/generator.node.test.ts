// Other libraries draw from a generator.

import { randomNormal } from 'd3-random';
import { expect, test } from 'vitest';
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
