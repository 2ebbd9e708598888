import { describe, expect, test } from 'vitest';
import { random } from '../../src/index.js';
import { cipher } from '../../src/random/threefry.js';
import { hash, KS_LIMIT, kolmogorovSmirnov, normalCdf } from '../oracle.js';
import vectors from '../vectors/threefry.json' with { type: 'json' };

// Random123's kat_vectors, threefry2x32-20: counter, key, result.
test.each([
  [
    [0, 0],
    [0, 0],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x243f6a88, 0x85a308d3],
    [0x13198a2e, 0x03707344],
    [0xc4923a9c, 0x483df7a0],
  ],
] as [[number, number], [number, number], [number, number]][])(
  'the known answer for counter %o',
  (counter, key, result) => {
    expect(cipher(key, counter)).toEqual(result);
  },
);

describe.each(vectors.cases)('seed $seed, $n values, as JAX', ({ seed, n, many, ...jax }) => {
  const rng = () => random.threefry(seed);
  const near = (got: Float32Array, theirs: number[]) =>
    got.forEach((v, i) => expect(Math.abs(v - theirs[i])).toBeLessThan(2e-6));

  test('to the bit: bits, uniforms, bernoulli, permutations', () => {
    expect([...rng().bits(n)]).toEqual(jax.bits);
    expect(rng().uniform(n)).toEqual(Float32Array.from(jax.uniform));
    expect(rng().uniform(n, { low: -0.05, high: 0.05 })).toEqual(Float32Array.from(jax.ranged));
    expect([...rng().bernoulli(n, { p: 0.3 })]).toEqual(jax.bernoulli);
    expect([...rng().permutation(n)]).toEqual(jax.permutation);
    if (many === undefined) return;
    expect(hash(rng().bits(many.n))).toBe(many.bits);
    expect(hash(rng().uniform(many.n))).toBe(many.uniform);
    expect(hash(rng().permutation(many.n))).toBe(many.permutation);
  });
  test('to 2e-6: normals and truncated normals', () => {
    near(rng().normal(n), jax.normal);
    near(rng().truncatedNormal(n), jax.truncated);
    near(rng().truncatedNormal(n, { low: 1, high: 3 }), jax.tail);
    if (many === undefined) return;
    const values = rng().normal(many.n);
    near(
      values.filter((_, i) => i % 100 === 0),
      many.normal,
    );
    near(
      Float32Array.of(
        values.reduce((a, b) => Math.min(a, b)),
        values.reduce((a, b) => Math.max(a, b)),
      ),
      many.largest,
    );
  });
  test('split and fold_in', () => {
    expect(
      rng()
        .split(3)
        .flatMap((one) => one.state().key),
    ).toEqual(jax.split);
    expect(rng().foldIn(7).state().key).toEqual(jax.foldIn);
  });
});

test('a uniform is rounded once, as in JAX, also where binary64 falls on a midpoint', () => {
  const n = 100_000;
  const [x, u] = [random.threefry(0).uniform(n, { low: 1e-20, high: 1.5 }), random.threefry(0).uniform(n)];
  // 1e-20 is less than a binary64 can tell, but it is above 0: a product on a midpoint is rounded up.
  const bits = new BigInt64Array(1);
  const product = new Float64Array(bits.buffer);
  const wrong = x.filter((v, i) => {
    product[0] = 1.5 * u[i];
    bits[0] += 1n;
    return v !== Math.fround(product[0]);
  });
  expect(wrong.length).toBe(0);
});

test('the values in JAX’s documentation', () => {
  expect(random.threefry(42).normal(1)[0]).toBeCloseTo(-0.028304616, 6);
  random
    .threefry(42)
    .normal(3)
    .forEach((v, i) => expect(v).toBeCloseTo([-0.02830462, 0.46713185, 0.29570296][i], 6));
  expect(random.threefry(0).uniform(1)[0]).toBeCloseTo(0.947667, 6);
  expect(
    random
      .threefry(0)
      .split(3)
      .map((rng) => rng.state().key),
  ).toEqual([
    [1797259609, 2579123966],
    [928981903, 3453687069],
    [4146024105, 2718843009],
  ]);
});

test('the kernel equals the cipher, also beyond 2^32 words', () => {
  const far = random.restore({ ...random.threefry(5).state(), block: 2 ** 30 - 1 });
  const { key } = far.state() as never as { key: [number, number] };
  const words = far.bits(8);
  words.forEach((word, i) => {
    const at = 2 ** 32 - 4 + i;
    const [a, b] = cipher(key, [Math.floor(at / 2 ** 32), at % 2 ** 32]);
    expect(word).toBe((a ^ b) >>> 0);
  });
});

test('the kernel equals the cipher from an even block on, where the counter has a second word', () => {
  const far = random.restore({ ...random.threefry(5).state(), block: 2 ** 30 });
  const { key } = far.state() as never as { key: [number, number] };
  far.bits(8).forEach((word, i) => {
    const [a, b] = cipher(key, [1, i]);
    expect(word).toBe((a ^ b) >>> 0);
  });
});

test('permutations, forks and splits have keys of their own; a truncated normal too far out is an error that draws nothing', () => {
  const rng = random.threefry(7);
  rng.bits(4);
  const later = rng.permutation(20);
  expect(later).not.toEqual(random.threefry(7).split(3)[1].permutation(20));
  const a = random.threefry(7).fork('a').state().key;
  expect(a).not.toEqual(random.threefry(7).foldIn(0x8061).state().key);
  const before = rng.state();
  expect(() => rng.truncatedNormal(8, { low: 6, high: 7 })).toThrow(/JAX's rule has fewer than 8,192 values/);
  expect(rng.state()).toEqual(before);
});

test('a slice equals the slice of the whole', () => {
  for (const name of ['normal', 'uniform', 'truncatedNormal', 'bernoulli']) {
    const draw = name as 'normal';
    const whole = random.threefry(3)[draw](2100);
    for (const [from, to] of [
      [0, 1],
      [3, 20],
      [1021, 1050],
      [2099, 2100],
    ] as [number, number][])
      expect(random.threefry(3)[draw](2100, { slice: [from, to] })).toEqual(whole.slice(from, to));
  }
});

test('the distribution functions of normal, truncated normal and bernoulli', () => {
  const n = 200_000;
  const [cdf, between] = [normalCdf(), normalCdf(-1, 3)];
  expect(kolmogorovSmirnov(random.threefry(1).normal(n, { mean: 2, std: 3 }), (x) => cdf((x - 2) / 3))).toBeLessThan(
    KS_LIMIT,
  );
  const truncated = random.threefry(2).truncatedNormal(n, { mean: 1, std: 2, low: -1, high: 3 });
  expect(kolmogorovSmirnov(truncated, (x) => between((x - 1) / 2))).toBeLessThan(KS_LIMIT);
  expect(truncated.every((v) => v > -1 && v < 7)).toBe(true);
  expect(
    random
      .threefry(2)
      .truncatedNormal(9, { low: 1, high: 1 })
      .every((v) => v === 1),
  ).toBe(true);
  const ones = random
    .threefry(3)
    .bernoulli(n, { p: 0.3 })
    .reduce((sum, v) => sum + v, 0);
  expect(Math.abs(ones / n - 0.3)).toBeLessThan(5 * Math.sqrt(0.21 / n));
  expect(
    random
      .threefry(3)
      .uniform(9, { low: 2, high: 2 })
      .every((v) => v === 2),
  ).toBe(true);
});

test('state, forks and permutations', () => {
  const rng = random.threefry('text');
  rng.normal(7);
  const again = random.restore(JSON.parse(JSON.stringify(rng.state())));
  expect(again.normal(9)).toEqual(rng.normal(9));
  const labels = ['', 'a', 'b', 'abcd', 'abcde', 1, 11].map((label) => JSON.stringify(rng.fork(label).state().key));
  expect(new Set(labels).size).toBe(labels.length);
  expect(rng.fork('a').bits(3)).toEqual(random.threefry('text').fork('a').bits(3));
  expect([...random.threefry(1).permutation(100)].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, i) => i),
  );
  expect(() => random.restore({ generator: 'threefry', key: [1], block: 0 })).toThrow(/key is the array/);
  expect(() => rng.foldIn(-1)).toThrow(/data is -1/);
  expect(() => rng.split(0.5)).toThrow(/n is 0.5/);
});
