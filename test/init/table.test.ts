// Every initialiser of the table against the distribution that papers and PyTorch give.

import { describe, expect, test } from 'vitest';
import { init, random, tensor } from '../../src/index.js';
import { initialisers } from '../../src/init/table.js';
import { hash, KS_LIMIT, kolmogorovSmirnov, mean, noise, normalCdf, variance } from '../oracle.js';

const cdf = normalCdf();
const truncatedCdf = normalCdf(-2, 2);
const TRUNCATED_STD = 0.87962566103423978;

// Of a shape with fanIn 300 and fanOut 200: the name, its options, the standard deviation and the kind of distribution.
const fanIn = 300;
const fanOut = 200;
const expected: [string, Record<string, unknown>, number, 'uniform' | 'normal' | 'truncated'][] = [
  ['uniform', { low: -0.1, high: 0.1 }, 0.1 / Math.sqrt(3), 'uniform'],
  ['normal', { std: 0.02 }, 0.02, 'normal'],
  ['truncatedNormal', { std: 0.5 }, 0.5 * TRUNCATED_STD, 'truncated'],
  ['lecunUniform', {}, Math.sqrt(1 / fanIn), 'uniform'],
  ['lecunNormal', {}, Math.sqrt(1 / fanIn), 'normal'],
  ['xavierUniform', {}, Math.sqrt(2 / (fanIn + fanOut)), 'uniform'],
  ['xavierNormal', { gain: 5 / 3 }, (5 / 3) * Math.sqrt(2 / (fanIn + fanOut)), 'normal'],
  ['glorotUniform', {}, Math.sqrt(2 / (fanIn + fanOut)), 'uniform'],
  ['glorotNormal', {}, Math.sqrt(2 / (fanIn + fanOut)), 'normal'],
  ['kaimingUniform', {}, Math.sqrt(2 / fanIn), 'uniform'],
  ['kaimingNormal', {}, Math.sqrt(2 / fanIn), 'normal'],
  ['heUniform', { mode: 'fanOut' }, Math.sqrt(2 / fanOut), 'uniform'],
  ['heNormal', { nonlinearity: 'leakyRelu', slope: 0.2 }, Math.sqrt(2 / 1.04 / fanIn), 'normal'],
  ['kaimingNormal', { gain: 1 }, Math.sqrt(1 / fanIn), 'normal'],
  ['varianceScaling', { scale: 2 }, Math.sqrt(2 / fanIn), 'truncated'],
  [
    'varianceScaling',
    { scale: 2, mode: 'fanAvg', distribution: 'normal' },
    Math.sqrt(2 / ((fanIn + fanOut) / 2)),
    'normal',
  ],
  ['varianceScaling', { mode: 'fanOut', distribution: 'uniform' }, Math.sqrt(1 / fanOut), 'uniform'],
  ['varianceScaling', { mode: 'fanGeoAvg', distribution: 'normal' }, (fanIn * fanOut) ** -0.25, 'normal'],
  ['kerasLecunNormal', {}, Math.sqrt(1 / fanIn), 'truncated'],
  ['kerasGlorotNormal', {}, Math.sqrt(2 / (fanIn + fanOut)), 'truncated'],
  ['kerasHeNormal', {}, Math.sqrt(2 / fanIn), 'truncated'],
];
const call = (name: string, shape: readonly number[], o: object) =>
  (init as unknown as Record<string, (shape: readonly number[], o: object) => Float32Array>)[name](shape, o);

describe.each(expected)('%s %o', (name, o, std, kind) => {
  const shape = [fanOut, fanIn];
  const x = call(name, shape, { seed: 1, ...o });

  test('has the mean, variance and distribution function it should have', () => {
    const kurtosis = kind === 'uniform' ? 1.8 : 3;
    expect(Math.abs(mean(x))).toBeLessThan(5 * (std / Math.sqrt(x.length)));
    expect(Math.abs(variance(x, 0) / std ** 2 - 1)).toBeLessThan(5 * Math.sqrt((kurtosis - 1) / x.length));
    const cdfs = {
      uniform: (v: number) => v / std / Math.sqrt(12) + 0.5,
      normal: (v: number) => cdf(v / std),
      truncated: (v: number) => truncatedCdf((v / std) * TRUNCATED_STD),
    };
    expect(kolmogorovSmirnov(x, cdfs[kind])).toBeLessThan(KS_LIMIT);
  });

  test('describe gives fans, mean, standard deviation and bounds', () => {
    const described = init.describe(name as 'normal', shape, o);
    expect([described.fanIn, described.fanOut]).toEqual([fanIn, fanOut]);
    expect(Math.abs(described.std / std - 1)).toBeLessThan(1e-12);
    expect(Math.abs(described.mean)).toBeLessThan(1e-15);
    const [low, high] = [x.reduce((a, b) => Math.min(a, b)), x.reduce((a, b) => Math.max(a, b))];
    expect(low).toBeGreaterThanOrEqual(Math.fround(described.low));
    expect(high).toBeLessThanOrEqual(Math.fround(described.high));
    if (kind !== 'normal') expect(high).toBeGreaterThan(0.99 * described.high);
  });

  test('a slice, a tensor and `out` get the same values', () => {
    for (const [from, to] of [
      [0, 1],
      [3, 11],
      [1021, 2050],
      [59_999, 60_000],
      [7, 7],
    ]) {
      expect(call(name, shape, { seed: 1, ...o, slice: [from, to] })).toEqual(x.slice(from, to));
    }
    const target = tensor(shape);
    expect(call(name, target as never, { seed: 1, ...o })).toBe(target);
    expect(hash(target.data)).toBe(hash(x));
    const out = new Float32Array(x.length);
    expect(call(name, shape, { seed: 1, ...o, out })).toBe(out);
    expect(hash(out)).toBe(hash(x));
  });
});

test('every initialiser is in that list, or a constant', () => {
  const names = [...expected.map(([name]) => name), 'zeros', 'ones', 'constant'];
  expect([...new Set(names)].sort()).toEqual(Object.keys(initialisers).sort());
});

test('a slope without leakyRelu is an error', () => {
  expect(() => init.kaimingUniform([3, 3], { slope: Math.sqrt(5) })).toThrow(
    /slope is leakyRelu's, not relu's; pass nonlinearity: 'leakyRelu' too/,
  );
  const leaky = { nonlinearity: 'leakyRelu', slope: Math.sqrt(5) } as const;
  expect(Math.abs(init.describe('kaimingUniform', [3, 3], leaky).high - 1 / Math.sqrt(3))).toBeLessThan(1e-12);
});

test('zeros, ones and constant', () => {
  expect([...init.zeros([2, 2])]).toEqual([0, 0, 0, 0]);
  expect([...init.ones([3])]).toEqual([1, 1, 1]);
  expect([...init.constant([2], { value: -2.5 })]).toEqual([-2.5, -2.5]);
  expect([...init.constant([2])]).toEqual([0, 0]);
  expect(init.describe('constant', [3], { value: 2 })).toEqual({
    fanIn: null,
    fanOut: null,
    mean: 2,
    std: 0,
    low: 2,
    high: 2,
  });
});

test('describe has the mean and standard deviation of a truncated normal', () => {
  const narrow = init.describe('truncatedNormal', [4], { low: 1, high: 1 + 2 ** -20 });
  expect(Math.abs((narrow.std * Math.sqrt(12)) / 2 ** -20 - 1)).toBeLessThan(1e-9);
  // scipy.stats.truncnorm
  const known: [number, number, number, number][] = [
    [-1, 3, 0.28278611072715404, 0.7849469634044259],
    [0, Infinity, 0.7978845608028654, 0.6028102749890869],
    [2, 4, 2.3706331596831696, 0.33103340259214464],
  ];
  for (const [low, high, m, s] of known) {
    const { mean: described, std } = init.describe('truncatedNormal', [4], { low, high });
    expect(Math.abs(described / m - 1)).toBeLessThan(1e-11);
    expect(Math.abs(std / s - 1)).toBeLessThan(1e-11);
    const x = random.philox(3).truncatedNormal(200_000, { low, high });
    expect(Math.abs(mean(x) - described)).toBeLessThan((5 * std) / Math.sqrt(x.length));
    expect(Math.abs(variance(x, described) / std ** 2 - 1)).toBeLessThan(5 * Math.sqrt(4 / x.length));
  }
});

test('a seed is random.philox of it; without one two calls differ', () => {
  const shape = [7, 9];
  expect(init.xavierNormal(shape, { seed: 0 })).toEqual(init.xavierNormal(shape, { rng: random.philox(0) }));
  expect(hash(init.xavierNormal(shape))).not.toBe(hash(init.xavierNormal(shape)));
});

// After PyTorch's own test/test_nn.py: random shapes, gains, modes and options against the distribution, by the
// Kolmogorov-Smirnov statistic.
describe('shapes of every rank with random gains and modes', () => {
  const draws = noise(77, 4000);
  let at = 0;
  const between = (low: number, high: number) => low + ((draws[at++] + 1) / 2) * (high - low);
  const whole = (low: number, high: number) => Math.floor(between(low, high + 1));
  const shapeOf = (rank: number, layout: 'oi' | 'io') => {
    const channels = [whole(30, 50), whole(30, 50)];
    const kernel = Array.from({ length: rank - 2 }, () => whole(2, 4));
    return layout === 'oi' ? [...channels, ...kernel] : [...kernel, ...channels];
  };
  const fansOf = (shape: number[], layout: 'oi' | 'io') => {
    const kernel = (layout === 'oi' ? shape.slice(2) : shape.slice(0, -2)).reduce((all, n) => all * n, 1);
    const [inputs, outputs] = layout === 'oi' ? [shape[1], shape[0]] : shape.slice(-2);
    return [inputs * kernel, outputs * kernel];
  };
  const standard = normalCdf();
  const uniformly = (bound: number) => (v: number) => Math.min(1, Math.max(0, v / (2 * bound) + 0.5));
  const normally = (std: number) => (v: number) => standard(v / std);
  const follows = (x: Float32Array, cdf: (v: number) => number) =>
    expect(kolmogorovSmirnov(x, cdf)).toBeLessThan(KS_LIMIT);

  for (const rank of [2, 3, 4, 5]) {
    for (const layout of ['oi', 'io'] as const) {
      test(`rank ${rank}, '${layout}'`, () => {
        for (let round = 0; round < 2; round++) {
          const seed = at;
          const shape = shapeOf(rank, layout);
          const [inputs, outputs] = fansOf(shape, layout);
          const gain = between(0.1, 3);
          const std = gain * Math.sqrt(2 / (inputs + outputs));
          follows(init.xavierUniform(shape, { seed, layout, gain }), uniformly(Math.sqrt(3) * std));
          follows(init.xavierNormal(shape, { seed, layout, gain }), normally(std));
          for (const mode of ['fanIn', 'fanOut'] as const) {
            const fan = mode === 'fanIn' ? inputs : outputs;
            const slope = between(0.1, 5);
            const spread = Math.sqrt(2 / (1 + slope * slope) / fan);
            const o = { seed, layout, mode, slope, nonlinearity: 'leakyRelu' } as const;
            follows(init.kaimingUniform(shape, o), uniformly(Math.sqrt(3) * spread));
            follows(init.kaimingNormal(shape, o), normally(spread));
          }
          const q = init.orthogonal(shape, { seed, layout, gain });
          const [rows, columns] =
            layout === 'oi' ? [shape[0], q.length / shape[0]] : [shape.at(-1)!, q.length / shape.at(-1)!];
          const value = (r: number, c: number) => (layout === 'oi' ? q[r * columns + c] : q[c * rows + r]);
          const few = Math.min(rows, columns);
          for (let i = 0; i < few; i += 5) {
            for (let j = 0; j <= i; j += 3) {
              let dot = 0;
              for (let k = 0; k < Math.max(rows, columns); k++)
                dot += rows <= columns ? value(i, k) * value(j, k) : value(k, i) * value(k, j);
              expect(Math.abs(dot - (i === j ? gain * gain : 0))).toBeLessThan(1e-5 * (1 + gain * gain));
            }
          }
        }
      });
    }
  }

  test.each([1, 2, 4])('distributions without fans at rank %i', (rank) => {
    for (let round = 0; round < 3; round++) {
      const seed = at;
      const shape = Array.from({ length: rank }, () => whole(30, 50))
        .slice(0, 2)
        .concat(rank > 2 ? [3, 2] : []);
      const [low, width, std] = [between(-3, 3), between(1, 5), between(1, 5)];
      follows(init.uniform(shape, { seed, low, high: low + width }), (v) => (v - low) / width);
      follows(init.normal(shape, { seed, mean: low, std }), (v) => standard((v - low) / std));
      const [a, b] = [low - between(0.5, 2), low + between(0.5, 2)];
      const truncated = normalCdf((a - low) / std, (b - low) / std);
      follows(init.truncatedNormal(shape, { seed, mean: low, std, low: a, high: b, absolute: true }), (v) =>
        truncated((v - low) / std),
      );
      const value = between(1, 10);
      expect(init.constant(shape, { value }).every((v) => v === Math.fround(value))).toBe(true);
    }
  });
});
