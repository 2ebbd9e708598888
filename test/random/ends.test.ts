// The distributions at the ends of their uniforms: for each distribution and generator, what it makes of the smallest and the
// largest words, of those next to them, and of those about every power of two. A sample of a few million meets none of these.

import { describe, expect, test } from 'vitest';
import { random } from '../../src/index.js';
import { type DistributionName, lawFrom, momentsOf } from '../../src/random/distributions.js';
import type { Draws, Generator } from '../../src/random/generator.js';
import { type Source, sourceOf } from '../../src/random/source.js';
import vectors from '../vectors/threefry.json' with { type: 'json' };
import { stateOfWords, type Words } from './words.js';

const generators = ['philox', 'threefry', 'torch', 'torch 2.11'] as const;
type Name = (typeof generators)[number];
const names: DistributionName[] = ['uniform', 'normal', 'truncatedNormal', 'bernoulli', 'exponential'];

const most = 2 ** 32 - 1;
/** Words about both ends and about each power of two, in order. Of a word the generators use 23, 24, 31 or all bits. */
const words = Array.from(
  new Set(
    Array.from({ length: 33 }, (_, k) => [-1, 0, 1].map((step) => 2 ** k + step))
      .concat(Array.from({ length: 12 }, (_, k) => [512 * k, 512 * k + 511, 256 * k, 2 * k]))
      .flat()
      .flatMap((word) => [word, most - word])
      .filter((word) => word >= 0 && word <= most),
  ),
).sort((a, b) => a - b);

/** All tuples of a few words, in order. */
const tuples = (length: number, few: Words): Words[] =>
  length === 0 ? [[]] : tuples(length - 1, few).flatMap((rest) => few.map((word) => [...rest, word]));

/** The words of a value, in the order of what they stand for: one word, two for 53 bits, or those of a normal. */
function inputs(generator: Name, name: DistributionName): Words[] {
  if (name === 'normal' && generator === 'philox') return tuples(2, [0, 1, 2, 127, 2 ** 30, 2 ** 31, most - 256, most]);
  if (generator === 'philox' || generator === 'threefry') return words.map((word) => [word]);
  const inverse = name === 'truncatedNormal' && generator === 'torch 2.11';
  if (name === 'uniform' || inverse) return words.filter((word) => word < 2 ** 24).map((word) => [word]);
  if (name === 'normal' || name === 'truncatedNormal') return tuples(4, [0, 1, 2 ** 21 - 1, most]);
  return [0, 1, 2 ** 20, 2 ** 21 - 2, 2 ** 21 - 1].flatMap((high) => words.map((low) => [high, low]));
}

/** What gives the inputs, made once: to invert a counter takes up to some thousand trials. */
const givers = new Map<string, ReturnType<typeof stateOfWords> & { rng: Generator; source: Source }>();
function giverOf(generator: Name, input: Words) {
  const key = `${generator} ${input}`;
  let giver = givers.get(key);
  if (!giver) {
    const made = stateOfWords(generator, input);
    const rng = random.restore(made.state);
    giver = { ...made, rng, source: sourceOf('test', rng) };
    givers.set(key, giver);
  }
  giver.source.setState({ ...giver.state });
  return giver;
}

type Options = Record<string, number | boolean | undefined>;

/** Values by words. Undefined where the generator refuses the options, which is a RangeError that says what to do. */
function values(generator: Name, name: DistributionName, options: Options): Float32Array | undefined {
  try {
    return Float32Array.from(inputs(generator, name), (input) => {
      const { rng, slice } = giverOf(generator, input);
      return (rng[name] as Draws<object>)(slice ? 4 : 1, { ...options, slice })[0];
    });
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toMatch(/; (pass|make|move)/);
    return undefined;
  }
}

const least = 2 ** -149;
const intervals = [
  [-2, 2],
  [-1, 5],
  [-2000, 2000],
  [-1e30, 1e30],
  [2.5, 7],
  [-7, -2.5],
  [2, 4],
  [-8, 8],
  [-5.42, 5.42],
  [-5.5, 5.6],
  [0.1, 0.2],
  [10, 11],
  [0, Infinity],
  [-Infinity, 0],
  [2.5, Infinity],
  [-Infinity, -2.5],
  [-Infinity, 11],
  [-Infinity, Infinity],
];
const options: { [D in DistributionName]: Options[] } = {
  uniform: [
    {},
    { low: -1, high: 3 },
    { low: 3, high: 7 },
    { low: 1, high: 1 + 2 ** -23 },
    { low: -0.05, high: 0.05 },
    { low: -1e-20, high: 1.5 },
    { low: 1e-20, high: 1.5 },
    { low: 16777215, high: 16777217 },
    { low: -3e38, high: 1e37 },
    { low: 0, high: least },
    { low: -least, high: 0 },
    { low: 0.1, high: 0.1 + 1e-12 },
  ],
  normal: [
    {},
    { mean: 1, std: 0.1 },
    { std: 0 },
    { mean: -3e38, std: 1e36 },
    { std: 3.9e37 },
    { std: 4.2e37 },
    { std: least },
  ],
  truncatedNormal: [
    ...intervals.flatMap(([low, high]): Options[] => [
      { low, high },
      { low, high, mean: -100, std: 30 },
      { low, high, std: 2 ** -126 },
      { low, high, std: 1e-46 },
      { low, high, std: 3e37 },
      { low, high, std: 1e38 },
      { low, high, mean: 1e8 + 3.9999, std: 0.01 },
    ]),
    { mean: 1e38, std: 2.6e37, low: -3e38, high: 5e37, absolute: true },
    { mean: 2e38, std: 1e38, low: -3.39e38, high: 2e37, absolute: true },
    { mean: 3e38, std: 1e38, low: -3e38, high: 2e38, absolute: true },
    { mean: 1e8 + 3.9999, std: 0.01, low: 0.5, high: 10 },
    { mean: 1e8 + 3.99, std: 0.01, low: 3, high: 4 },
  ],
  bernoulli: [0, 1e-40, 2 ** -53, 2 ** -34, 2 ** -32, 2 ** -24, 2 ** -23, 0.3, 0.5]
    .flatMap((p) => [p, 1 - p])
    .map((p) => ({ p })),
  exponential: [{}, { rate: 0.7 }, { rate: 1e-37 }, { rate: 3e38 }],
};

/** Whether values rise with their words, or fall. A polynomial may be off by a few roundings. */
function isMonotone(x: Float32Array, { std }: Options): boolean {
  const rounding = (v: number) => 4e-7 * Math.max(Math.abs(v), Number(std ?? 0));
  return [1, -1].some((sign) => x.every((v, i) => i === 0 || sign * (v - x[i - 1]) >= -rounding(v)));
}

/** What is wrong with the values that options make, if anything. */
function faultOf(generator: Name, name: DistributionName, o: Options): string | undefined {
  const x = values(generator, name, o);
  if (x === undefined) return undefined;
  const { low, high } = momentsOf(lawFrom('test', name, o));
  if (x.some((v) => !Number.isFinite(v))) return 'not finite';
  if (x.some((v) => v < Math.fround(low) || v > Math.fround(high))) return 'outside';
  if (name === 'exponential' && x.some((v) => Object.is(v, -0))) return '-0';
  if (name === 'bernoulli' && x.some((v) => v !== 0 && v !== 1)) return 'neither 0 nor 1';
  // Since 2.12 PyTorch makes `high` to `low`, and draws truncated normals by rejection.
  const inverse = name !== 'normal' && !(generator === 'torch' && (name === 'uniform' || name === 'truncatedNormal'));
  return inverse && !isMonotone(x, o) ? 'not monotone' : undefined;
}

/** Standard deviations: of p = 2^-33 in the tail beyond 2.5, of a binary32 next to 1, of 53 bits. */
const reach = { philox: 7.3, threefry: 5.61, torch: 8.58, 'torch 2.11': 5.61 };

describe.each(generators)('%s', (generator) => {
  test.each(names)('%s is finite, within its bounds, and monotone where it is an inverse', (name) => {
    const faults = options[name].flatMap((o) => {
      const fault = faultOf(generator, name, o);
      return fault === undefined ? [] : [{ ...o, fault }];
    });
    expect(faults).toEqual([]);
  });

  test('uniform begins at low, and reaches high with threefry and with torch before 2.12 alone', () => {
    for (const o of options.uniform.filter(({ low, high }) => Math.fround(Number(low)) < Math.fround(Number(high)))) {
      const x = values(generator, 'uniform', o)!;
      expect(x[0]).toBe(Math.fround(Number(o.low)));
      const below = x.every((v) => v < Math.fround(Number(o.high)));
      if (generator === 'philox' || generator === 'torch') expect(below).toBe(true);
    }
  });

  test.each([
    [-Infinity, Infinity],
    [-Infinity, 2],
    [-2, Infinity],
    [2.5, Infinity],
  ])('truncated between %f and %f: no value is further out than its uniform says', (low, high) => {
    const x = values(generator, 'truncatedNormal', { low, high });
    for (const v of x ?? []) expect(Math.abs(v)).toBeLessThan(reach[generator]);
  });
});

test('torch: sixteen normals and more are finite at both ends of both uniforms', () => {
  const ends = [0, 1, 2 ** 23, 2 ** 24 - 2, 2 ** 24 - 1];
  for (const [radius, angle] of tuples(2, ends)) {
    const input = Array.from({ length: 16 }, (_, i) => (i < 8 ? radius : angle));
    const x = random.restore(giverOf('torch', input).state).normal(16);
    expect(x.every((v) => Math.abs(v) < 5.8)).toBe(true);
  }
});

test.each(vectors.ends)('threefry: truncated between $low and $high JAX gives a bound where u is -1 or 1', (jax) => {
  for (const [i, at] of jax.at.entries()) {
    const { low, high } = jax;
    const [value] = random.threefry(0).truncatedNormal(jax.n, { low, high, slice: [at, at + 1] });
    expect(value).toBe(Math.fround(jax.values[i]));
  }
});

test('a permutation picks no row beyond the last, whatever the words', () => {
  const left = [2, 3, 4, 5, 7, 2 ** 10 - 1, 2 ** 10, 2 ** 10 + 1, 2 ** 16 + 1, 99_999];
  for (const word of [0, 1, 2 ** 31, most - 2048, most]) {
    for (const n of left) {
      const picks = [
        random.restore(giverOf('philox', [word, word]).state).permutation(n),
        random.restore(giverOf('torch', [word]).state).permutation(n),
      ];
      const first = [Number((((BigInt(word) << 21n) | BigInt(word >>> 11)) * BigInt(n)) >> 53n), word % n];
      expect(picks.map((order) => order[0])).toEqual(first);
      for (const order of picks) expect(new Set(order).size).toBe(n);
    }
  }
});

test('source is from 0 to 1 - 2^-53', () => {
  for (const generator of ['philox', 'torch'] as const) {
    const source = (word: number) => random.restore(giverOf(generator, [word, word]).state).source();
    expect([source(0), source(most)]).toEqual([0, 1 - 2 ** -53]);
  }
  // Of threefry a word is given, which has to be the first of a block.
  for (const end of [0, most]) {
    const first = words
      .map((word) => Math.abs(end - word))
      .find((word) => giverOf('threefry', [word]).slice![0] === 0)!;
    const source = random.restore(giverOf('threefry', [first]).state).source();
    expect(Math.floor(source * 2 ** 27)).toBe(first >>> 5);
    expect(source).toBeLessThan(1);
  }
});
