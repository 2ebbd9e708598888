// Permutations and orders: that they are what their words say, at any length, and that a length that does not fit into memory
// moves nothing.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { random } from '../../src/index.js';
import type { Generator } from '../../src/random/generator.js';
import { sortedByWords } from '../../src/random/shuffle.js';
import { cipher, type Key } from '../../src/random/threefry.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Lengths about those at which the words of a shuffle are drawn in several pieces, and JAX sorts in one more round. */
const lengths = [0, 1, 2, 3, 100, 1625, 1626, 8192, 8193, 8194, 16384, 16385, 16386, 30_000];

/** 0 to n - 1, where step i swaps in the row that is `pick(i)` further on. */
function shuffled(n: number, pick: (i: number) => number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n - 1; i++) {
    const j = i + pick(i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** 0 to n - 1 sorted by words, by a comparison, in JAX's number of rounds. */
function sorted(n: number, seed: number): number[] {
  let order = Array.from({ length: n }, (_, i) => i);
  let key: Key = [0, seed];
  const rounds = Math.ceil((3 * Math.log(Math.max(1, n))) / Math.log(2 ** 32 - 1));
  for (let round = 0; round < rounds; round++) {
    const words = random.restore({ generator: 'threefry', key: cipher(key, [0, 1]), block: 0 }).bits(n);
    order = order
      .map((_, i) => i)
      .sort((a, b) => words[a] - words[b])
      .map((i) => order[i]);
    key = cipher(key, [0, 0]);
  }
  return order;
}

describe.each(lengths)('of %i rows', (n) => {
  test('philox shuffles by 53 bits a step, and moves on by them', () => {
    const [rng, words] = [random.philox(5), random.philox(5).bits(2 * Math.max(0, n - 1))];
    const pick = (i: number) =>
      Number((((BigInt(words[2 * i]) << 21n) | BigInt(words[2 * i + 1] >>> 11)) * BigInt(n - i)) >> 53n);
    expect([...rng.permutation(n)]).toEqual(shuffled(n, pick));
    expect(rng.state().block).toBe(Math.ceil(words.length / 4));
    expect(random.philox(5).order(n)).toEqual(random.philox(5).permutation(n));
  });
  test('threefry sorts by words', () => {
    const rng = random.threefry(5);
    expect([...rng.permutation(n)]).toEqual(sorted(n, 5));
    expect(rng.state().block).toBe(Math.ceil(n / 4));
    expect(random.threefry(5).order(n)).toEqual(random.threefry(5).permutation(n));
  });
  test('torch shuffles by the remainder of a word', () => {
    const [rng, other] = [random.torch(5), random.torch(5)];
    const words = other.bits(Math.max(0, n - 1));
    expect([...rng.permutation(n)]).toEqual(shuffled(n, (i) => words[i] % (n - i)));
    expect(rng.bits(3)).toEqual(other.bits(3));
  });
});

test('rows of equal words stay in their order', () => {
  const n = 5000;
  for (const few of [
    [7],
    [0, 0xffffffff],
    [1, 2 ** 11, 2 ** 22, 2 ** 31],
    Array.from({ length: 99 }, (_, i) => i << 20),
  ]) {
    const words = random
      .philox(1)
      .bits(n)
      .map((word) => few[word % few.length]);
    const rows = sortedByWords('test', n, () => [(out) => out.set(words)]);
    expect([...rows]).toEqual(Array.from(words.keys()).sort((a, b) => words[a] - words[b]));
  }
});

/** The global Uint32Array with a constructor that fails for a length of `most` or more, at its call `fails` of such. */
function failing(most: number, fails: number) {
  let calls = 0;
  return class extends Uint32Array {
    constructor(...args: [number]) {
      if (args[0] >= most && calls++ === fails) throw new RangeError('Array buffer allocation failed');
      super(...args);
    }
  };
}

const generators: [string, () => Generator][] = [
  ['philox', () => random.philox(1)],
  ['threefry', () => random.threefry(1)],
  ['torch', () => random.torch(1)],
];

describe.each(generators)('%s', (name, make) => {
  test.each(['permutation', 'order'] as const)('%s of more than memory is an error that moves nothing', (method) => {
    const n = 5000;
    const [rng, state] = [make(), make().state()];
    let errors = 0;
    for (let fails = 0; fails < 4; fails++) {
      vi.stubGlobal('Uint32Array', failing(n - 1, fails));
      let error: unknown;
      try {
        rng[method](n);
      } catch (thrown) {
        error = thrown;
      }
      vi.unstubAllGlobals();
      if (error === undefined) {
        rng[method](n);
        break;
      }
      expect(error).toBeInstanceOf(RangeError);
      expect((error as Error).message).toMatch(
        new RegExp(
          `^random\\.${name}\\.${method}: n is 5000, whose \\d+ bytes do not fit into memory; pass a smaller n$`,
        ),
      );
      expect(rng.state()).toEqual(state);
      errors++;
    }
    expect(errors).toBeGreaterThan(0);
  });

  test.each(['permutation', 'order'] as const)(
    '%s needs no sort by comparison, which V8 has up to 2^27 rows',
    (method) => {
      vi.spyOn(Uint32Array.prototype, 'sort').mockImplementation(() => {
        throw new TypeError('Custom comparefn not supported for huge TypedArrays');
      });
      expect(make()[method](100).length).toBe(100);
    },
  );
});
