import { describe, expect, test } from 'vitest';
import { random } from '../../src/index.js';
import { draw } from '../../src/wasm/kernels.js';
import { randomModule } from '../../src/wasm/module.js';
import { hash } from '../oracle.js';

// Random123's kat_vectors, philox4x32-10: counter, key, result.
const known: [string, string, string][] = [
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
];
const words = (text: string) => text.split(' ').map((word) => Number.parseInt(word, 16));

test.each(known)('the known answer for counter %s', (counter, key, result) => {
  const [c0, c1, c2, c3] = words(counter);
  const out = new Uint32Array(4);
  draw(randomModule, 'philoxBits', Uint32Array.of(...words(key), c2, c3, c0, c1, 0), out);
  expect([...out]).toEqual(words(result));
});

test('the public generator of seed 0 begins with the known answer', () => {
  expect([...random.philox(0).bits(4)]).toEqual(words(known[0][2]));
  expect([...random.philox(0).bits({ out: new Uint32Array(4) })]).toEqual(words(known[0][2]));
});

test('the counter carries into its second word', () => {
  const rng = random.restore({ ...random.philox(1).state(), block: 2 ** 32 - 1 });
  const across = rng.bits(8);
  const behind = random.restore({ ...random.philox(1).state(), block: 2 ** 32 }).bits(4);
  expect([...across.subarray(4)]).toEqual([...behind]);
  expect([...behind]).not.toEqual([...random.philox(1).bits(4)]);
});

describe('a slice equals the slice of the whole', () => {
  const n = 2100; // more than a tile of the kernel, and no multiple of 4
  const cases = {
    bits: (slice?: [number, number]) => random.philox(7).bits(n, { slice }),
    uniform: (slice?: [number, number]) => random.philox(7).uniform(n, { low: -3, high: 2, slice }),
    normal: (slice?: [number, number]) => random.philox(7).normal(n, { mean: 1, std: 3, slice }),
    truncatedNormal: (slice?: [number, number]) => random.philox(7).truncatedNormal(n, { slice }),
    bernoulli: (slice?: [number, number]) => random.philox(7).bernoulli(n, { p: 0.3, slice }),
  };
  test.each(Object.entries(cases))('%s', (_, draws) => {
    const all = draws();
    for (const from of [0, 1, 2, 3, 4, 5, 15, 16, 17, 1023, 1024, 1025, 2099, 2100]) {
      for (const length of [0, 1, 2, 3, 4, 5, 7, 15, 16, 17, 33, 1024, 1025]) {
        const to = Math.min(n, from + length);
        expect(draws([from, to]), `[${from}, ${to}]`).toEqual(all.slice(from, to));
      }
    }
  });

  test('of a draw larger than memory', () => {
    const far = random.philox(7).normal(2 ** 50, { slice: [2 ** 49 + 1, 2 ** 49 + 9] });
    const near = random.philox(7).normal(2 ** 50, { slice: [2 ** 49, 2 ** 49 + 20] });
    expect(far).toEqual(near.slice(1, 9));
  });

  test('advances the generator as the whole draw does', () => {
    const [whole, part] = [random.philox(7), random.philox(7)];
    whole.normal(1001);
    part.normal(1001, { slice: [5, 6] });
    expect(part.state()).toEqual(whole.state());
  });
});

test('draws share no bits: each begins at a fresh block', () => {
  const rng = random.philox(3);
  rng.uniform(3);
  expect(rng.state().block).toBe(1);
  rng.uniform(0);
  expect(rng.state().block).toBe(1);
  const second = rng.bits(4);
  const all = random.philox(3).bits(8);
  expect([...second]).toEqual([...all.subarray(4)]);
});

test('a seed is a number, a bigint or a text, and all 64 bits count', () => {
  const first = (seed: number | bigint | string) => hash(random.philox(seed).bits(8));
  const seeds = [
    0,
    1,
    -1,
    2 ** 32,
    2 ** 53 - 1,
    2n ** 63n,
    '',
    '0',
    '1',
    'a',
    'b',
    'ab',
    'ba',
    'ä',
    '😀',
    'x'.repeat(100),
  ];
  expect(new Set(seeds.map(first)).size).toBe(seeds.length);
  expect(first(-1)).toBe(first(2n ** 64n - 1n));
  expect(first(5)).toBe(first(5n));
});

test('without a seed two generators differ; the state has the seed', () => {
  const rng = random.philox();
  const again = random.philox(BigInt(rng.state().seed as string));
  expect(again.bits(4)).toEqual(rng.bits(4));
  expect(random.philox().bits(4)).not.toEqual(random.philox().bits(4));
});

test('fork depends on the labels alone', () => {
  const rng = random.philox(0);
  const before = rng.fork('layer1').bits(8);
  rng.normal(1000);
  rng.fork('layer0');
  expect(rng.fork('layer1').bits(8)).toEqual(before);
  const labels = ['layer1', 'layer2', 'layer10', 1, 2, ''];
  const streams = labels.flatMap((a) => [rng.fork(a), ...labels.map((b) => rng.fork(a).fork(b))]);
  expect(new Set(streams.map((stream) => hash(stream.bits(8)))).size).toBe(streams.length);
  expect(rng.fork(1).bits(4)).toEqual(rng.fork('1').bits(4));
});

test('state and restore, through JSON', () => {
  const rng = random.philox('seed').fork('a');
  rng.normal(17);
  const again = random.restore(JSON.parse(JSON.stringify(rng.state())));
  expect(again.normal(17)).toEqual(rng.normal(17));
  expect(again.fork('b').bits(4)).toEqual(rng.fork('b').bits(4));
});

test('a permutation holds every number once, and all orders of four come about equally often', () => {
  const rng = random.philox(11);
  expect([...rng.permutation(1000)].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(rng.permutation(0).length).toBe(0);
  expect([...rng.permutation(1)]).toEqual([0]);
  const counts = new Map<string, number>();
  const draws = 24000;
  for (let i = 0; i < draws; i++) {
    const order = rng.permutation(4).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  const expected = draws / 24;
  const chi2 = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  expect(counts.size).toBe(24);
  expect(chi2).toBeLessThan(23 + 5 * Math.sqrt(2 * 23)); // chi-square with 23 degrees: mean 23, variance 46
});
