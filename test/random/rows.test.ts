// Every distribution with every generator: its moments, its law, its bounds, its slices, and wrong options. All of it grows from
// the rows and from examples.ts.

import { describe, expect, test } from 'vitest';
import { random } from '../../src/index.js';
import { type DistributionName, distributions, lawFrom, momentsOf } from '../../src/random/distributions.js';
import type { Draws } from '../../src/random/generator.js';
import { KS_LIMIT, kolmogorovSmirnov, mean, variance } from '../oracle.js';
import { examples } from './examples.js';

const n = 200_000;
const generators = {
  philox: () => random.philox(2026),
  threefry: () => random.threefry(2026),
  torch: () => random.torch(2026),
};
const names = Object.keys(distributions) as DistributionName[];

describe.each(Object.entries(generators))('%s', (generator, make) => {
  describe.each(names)('%s', (name) => {
    const { options, cdf, kurtosis } = examples[name];
    const law = momentsOf(lawFrom('test', name, options as Record<string, unknown>));
    const draw = (rng = make()) => rng[name] as Draws<object>;
    const x = draw()(n, options);

    test('mean and variance are those of the law, within five standard errors', () => {
      expect(Math.abs(mean(x) - law.mean)).toBeLessThan(5 * (law.std / Math.sqrt(n)));
      expect(Math.abs(variance(x, law.mean) / law.std ** 2 - 1)).toBeLessThan(5 * Math.sqrt((kurtosis - 1) / n));
    });

    test('values are between its bounds, and have its distribution function', () => {
      expect(x.every((v) => v >= Math.fround(law.low) && v <= Math.fround(law.high))).toBe(true);
      if (cdf) expect(kolmogorovSmirnov(x, cdf)).toBeLessThan(KS_LIMIT);
      else expect([...new Set(x)].sort()).toEqual([0, 1]);
    });

    test('a draw goes into `out`, and slices are parts of the whole', () => {
      const out = new Float32Array(n);
      expect(draw()({ ...options, out })).toBe(out);
      expect(out).toEqual(x);
      const slice = () => draw()(n, { ...options, slice: [4099, 4303] });
      if (generator === 'torch') expect(slice).toThrow(/depends on all before it/);
      else expect(slice()).toEqual(x.slice(4099, 4303));
    });

    test('the state of a generator in the middle of a draw is taken up', () => {
      const [first, rng] = [random.philox(1), make()];
      first.normal(3);
      draw(rng)(101, options);
      const again = random.restore(JSON.parse(JSON.stringify(rng.state())));
      expect(draw(again)(50, options)).toEqual(draw(rng)(50, options));
    });
  });
});
