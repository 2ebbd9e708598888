import { describe, expect, test } from 'vitest';
import { init, random } from '../../src/index.js';
import { seededState } from '../../src/random/torch-stream.js';
import { draw } from '../../src/wasm/kernels.js';
import { randomModule } from '../../src/wasm/module.js';
import { hash } from '../oracle.js';
import older from '../vectors/torch-1.13.0a0.json' with { type: 'json' };
import newer from '../vectors/torch-2.14.1.json' with { type: 'json' };

type Draw = { seed?: string; op: string; n: number; args: number[]; hash: number };

function draws(rng: ReturnType<typeof random.torch>, { op, n, args }: Draw) {
  if (op === 'uniform') return rng.uniform(n, { low: args[0], high: args[1] });
  if (op === 'normal') return rng.normal(n, { mean: args[0], std: args[1] });
  return rng.permutation(n);
}

test.each([
  ['2.11', older],
  ['2.12', newer],
] as const)('every bit of each draw, by the rules of %s', (release, { draws: cases }) => {
  const wrong = cases.filter((c) => hash(draws(random.torch(BigInt(c.seed), { release }), c)) !== c.hash);
  expect(wrong).toEqual([]);
  expect(cases.length).toBeGreaterThan(30);
});

test.each(older.sessions)('every bit of many calls of one generator, seed $seed', ({ seed, steps }) => {
  const rng = random.torch(BigInt(seed));
  const wrong = steps.filter((c) => hash(draws(rng, c)) !== c.hash);
  expect(wrong).toEqual([]);
});

test('the sum of a fused operation is rounded once, also where binary64 falls on a midpoint', () => {
  // low = 1 and range = r with k r = 1 + d, d so small that binary64 loses it: k r 2^-24 + 1 is then a midpoint of
  // binary32, and d alone says whether it goes up.
  const n = 4000;
  const words = random.torch(7).bits(n);
  let midpoints = 0;
  words.forEach((word, i) => {
    const k = word & 0xffffff;
    const r = Math.fround(1 / k);
    const d = k * r - 1; // exact
    if (d === 0 || Math.abs(d) >= 2 ** -29) return;
    const state = seededState(7n);
    const out = new Float32Array(i + 1);
    draw(randomModule, 'torchUniform', state, out, [1, r, Number.NaN]);
    expect(out[i], `word ${i}`).toBe(d > 0 ? 1 + 2 ** -23 : 1);
    midpoints++;
  });
  expect(midpoints).toBeGreaterThan(20);
});

test('the order of a data loader, epoch by epoch', () => {
  for (const { seed, n, epochs } of older.orders) {
    const rng = random.torch(BigInt(seed));
    for (const epoch of epochs) expect(hash(rng.order(n)), `seed ${seed}`).toBe(epoch.hash);
  }
});

describe('initialisers', () => {
  test.each(older.inits)('$name of $shape from seed $seed', ({ seed, name, shape, args, hash: expected }) => {
    const rng = random.torch(BigInt(seed));
    const [base, part] = name.split('.') as ['torchLinear', 'weight' | 'bias' | undefined];
    const values = part
      ? init.torchLinear(shape, { rng })[part]
      : (init[base] as unknown as (shape: number[], o: object) => Float32Array)(shape, { rng, ...args });
    expect(hash(values)).toBe(expected);
  });

  test.each(older.orthogonal)('orthogonal of $shape to 2e-6', ({ seed, shape, gain, values }) => {
    const w = init.orthogonal(shape, { rng: random.torch(BigInt(seed)), gain });
    values.forEach((value, i) => expect(Math.abs(w[i] - value)).toBeLessThan(2e-6));
  });
});

test('every bit of truncated normals, by the rules since 2.12', () => {
  const wrong = newer.truncated.filter(({ seed, n, args: [mean, std, low, high], hash: expected }) => {
    const x = random.torch(BigInt(seed)).truncatedNormal(n, { mean, std, low, high, absolute: true });
    return hash(x) !== expected;
  });
  expect(wrong).toEqual([]);
});

test('truncated normals to 3 ulp of the bounds, by the rules before 2.12', () => {
  for (const { seed, n, args, values } of older.truncated) {
    const [mean, std, low, high] = args;
    const x = random
      .torch(BigInt(seed), { release: '2.11' })
      .truncatedNormal(n, { mean, std, low, high, absolute: true });
    const ulp = Math.max(Math.abs(low), Math.abs(high)) * 2 ** -23;
    values.forEach((value, i) => expect(Math.abs(x[i] - value)).toBeLessThanOrEqual(3 * ulp));
  }
});

test('the default rules are the newest', () => {
  expect(random.torch(0).state().release).toBe('2.12');
});

test('only the low 32 bits of a seed count, as in PyTorch', () => {
  const first = (seed: number | bigint) => hash(random.torch(seed).bits(8));
  expect(first(0)).toBe(first(2n ** 32n));
  expect(first(0)).toBe(first(2n ** 63n));
  expect(first(-1)).toBe(first(2n ** 32n - 1n));
  expect(first(0)).not.toBe(first(1));
});

test('state and restore through JSON, in the middle of a twist and with a normal cached', () => {
  const rng = random.torch(3);
  rng.bits(1000);
  rng.normal(3);
  const again = random.restore(JSON.parse(JSON.stringify(rng.state())));
  for (const n of [1, 5, 16, 700, 3]) expect(again.normal(n)).toEqual(rng.normal(n));
  expect(again.state()).toEqual(rng.state());
});

test('fork and slice are errors that say why', () => {
  expect(() => random.torch(0).fork('a')).toThrow(/random\.torch.*overlap.*philox/s);
  expect(() => random.torch(0).normal(10, { slice: [0, 5] })).toThrow(/slice.*depends on all before/);
  expect(() => init.normal([2, 5], { rng: random.torch(0), slice: [0, 5] })).toThrow(TypeError);
});
