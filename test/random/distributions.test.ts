// Every distribution with every generator: its moments, its distribution function, its bounds, its slices and its state. These
// tests grow from the rows and from examples.ts; those with other options follow.

import { describe, expect, test } from 'vitest';
import { random } from '../../src/index.js';
import { type DistributionName, distributions, lawFrom, momentsOf } from '../../src/random/distributions.js';
import type { Draws } from '../../src/random/generator.js';
import { hash, KS_LIMIT, kolmogorovSmirnov, mean, normalCdf, variance } from '../oracle.js';
import { examples } from './examples.js';

const n = 200_000;
/** A generator of each kind, from a fixed seed. */
const generators = {
  philox: () => random.philox(2026),
  threefry: () => random.threefry(2026),
  torch: () => random.torch(2026),
};
const names = Object.keys(distributions) as DistributionName[];

describe.each(Object.entries(generators))('%s', (generator, make) => {
  describe.each(names)('%s', (name) => {
    const { options, cdf, kurtosis } = examples[name];
    const expected = momentsOf(lawFrom('test', name, options as Record<string, unknown>));
    const draw = (rng = make()) => rng[name] as Draws<object>;
    const x = draw()(n, options);

    test('its mean and variance are those of the distribution, within five standard errors', () => {
      expect(Math.abs(mean(x) - expected.mean)).toBeLessThan(5 * (expected.std / Math.sqrt(n)));
      expect(Math.abs(variance(x, expected.mean) / expected.std ** 2 - 1)).toBeLessThan(
        5 * Math.sqrt((kurtosis - 1) / n),
      );
    });

    test('its values are within the bounds and have the distribution function', () => {
      expect(x.every((v) => v >= Math.fround(expected.low) && v <= Math.fround(expected.high))).toBe(true);
      if (cdf) expect(kolmogorovSmirnov(x, cdf)).toBeLessThan(KS_LIMIT);
      else expect([...new Set(x)].sort()).toEqual([0, 1]);
    });

    test('a draw into `out` has the same values, and so has a slice', () => {
      const out = new Float32Array(n);
      expect(draw()({ ...options, out })).toBe(out);
      expect(hash(out)).toBe(hash(x));
      const slice = () => draw()(n, { ...options, slice: [4099, 4303] });
      if (generator === 'torch') expect(slice).toThrow(/depends on all before it/);
      else expect(slice()).toEqual(x.slice(4099, 4303));
    });

    test('a restored generator goes on with the same values', () => {
      const [first, rng] = [random.philox(1), make()];
      first.normal(3);
      draw(rng)(101, options);
      const again = random.restore(JSON.parse(JSON.stringify(rng.state())));
      expect(draw(again)(50, options)).toEqual(draw(rng)(50, options));
    });
  });
});

const cdf = normalCdf();

/** Mean and variance within five standard errors; `kurtosis` is the fourth central moment over the variance squared. */
function checkMoments(x: Float32Array, m: number, v: number, kurtosis: number) {
  expect(Math.abs(mean(x) - m)).toBeLessThan(5 * Math.sqrt(v / x.length));
  expect(Math.abs(variance(x, m) / v - 1)).toBeLessThan(5 * Math.sqrt((kurtosis - 1) / x.length));
}

const releases = { ...generators, 'torch 2.11': () => random.torch(2026, { release: '2.11' }) };
describe.each(Object.entries(releases))('%s with other options', (_, make) => {
  test.each([
    [0, 1],
    [-0.05, 0.05],
    [3, 7],
  ])('uniform on [%f, %f)', (low, high) => {
    const x = make().uniform(n, { low, high });
    const width = high - low;
    checkMoments(x, low + width / 2, width ** 2 / 12, 1.8);
    expect(kolmogorovSmirnov(x, (v) => (v - low) / width)).toBeLessThan(KS_LIMIT);
    expect(x.every((v) => v >= Math.fround(low) && v < Math.fround(high))).toBe(true);
  });

  test.each([
    [0, 1],
    [3, 0.02],
    [-1, 10],
  ])('normal of mean %f and standard deviation %f', (m, std) => {
    const x = make().normal(n, { mean: m, std });
    checkMoments(x, m, std ** 2, 3);
    expect(kolmogorovSmirnov(x, (v) => cdf((v - m) / std))).toBeLessThan(KS_LIMIT);
  });

  test.each([0.001, 0.25, 0.5, 0.999])('bernoulli of p = %f', (p) => {
    const x = make().bernoulli(n, { p });
    expect(x.every((v) => v === 0 || v === 1)).toBe(true);
    expect(Math.abs(mean(x) - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n));
  });

  test('a distribution of one value: low = high, std 0, p 0 and 1', () => {
    const rng = make();
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

test('uniform never rounds up to high: between two neighbouring numbers there is only low', () => {
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
  ).toBe(true); // as in PyTorch before 2.12
});

test('values of a draw are uncorrelated at lags 1 to 8, for every distribution', () => {
  const rng = random.philox(5);
  for (const name of names) {
    const x = (rng[name] as Draws<object>)(n);
    const m = mean(x);
    const v = variance(x, m);
    for (let lag = 1; lag <= 8; lag++) {
      let sum = 0;
      for (let i = lag; i < n; i++) sum += (x[i] - m) * (x[i - lag] - m);
      expect(Math.abs(sum / n / v)).toBeLessThan(5 / Math.sqrt(n));
    }
  }
});

test('exponential: random.torch gives the bits of PyTorch without MKL', () => {
  // torch.manual_seed(0); torch.empty(20).exponential_(0.7), PyTorch 1.13 of Debian 12.
  const expected = [
    5.011894702911377, 1.757692575454712, 0.8786343932151794, 3.6215980052948, 1.479579210281372, 2.2373270988464355,
    0.2810751497745514, 0.617840588092804, 1.2438547611236572, 0.4857267737388611, 0.8615239262580872,
    0.2779364585876465, 0.6270266175270081, 1.3894435167312622, 0.9392677545547485, 0.830355703830719,
    0.7471940517425537, 0.3285214304924011, 1.5624839067459106, 2.1950442790985107,
  ];
  expect(Array.from(random.torch(0).exponential(20, { rate: 0.7 }))).toEqual(expected);
});

/** The relative error, of values below 1e-7 in units of that. */
const relativeError = (got: number, exact: number) => Math.abs(got - exact) / Math.max(exact, 1e-7);

test('exponential: random.threefry is -ln(1 - u) of its uniform, as jax.random.exponential, to 2e-6', () => {
  const [x, u] = [random.threefry(3).exponential(100_000), random.threefry(3).uniform(100_000)];
  expect(Math.max(...x.map((v, i) => relativeError(v, -Math.log1p(-u[i]))))).toBeLessThan(2e-6);
  expect(x.every((v) => v >= 0)).toBe(true);
});

test('exponential: random.philox is -ln of a uniform of 31 bits and half a step', () => {
  const [x, words] = [random.philox(3).exponential(100_000, { rate: 2 }), random.philox(3).bits(100_000)];
  const exact = (word: number) => -Math.log(Math.fround(Math.fround(word >>> 1) * 2 ** -31 + 2 ** -32)) / 2;
  expect(Math.max(...x.map((v, i) => relativeError(v, exact(words[i]))))).toBeLessThan(2e-6);
});
