// Random numbers: generators with a seed and a place, and what can be drawn from them.

import { allocate, choice, float32, options, present, sameLength, uint32, usual, what, whole } from '../check.js';
import { isOfWorkspace } from '../wasm/memory.js';
import { high32, low32, WORD } from './counter.js';
import { distributions, type Law, type Source } from './distributions.js';
import { digest, philox } from './philox.js';
import { threefry } from './threefry.js';
import { CACHED, cache, INDEX, type Release, releases, STATE_WORDS, seeded, torch } from './torch.js';

/** A number (any safe integer), a bigint of 64 bits, signed or not, or a text. 0 is a seed like any other. */
export type Seed = number | bigint | string;

/** Where the values go and which of them are wanted. */
export interface Draw {
  /** Filled and returned instead of a new array. */
  out?: Float32Array;
  /**
   * The part [from, to) of the draw alone: the same values as in the whole. The generator moves on as by the
   * whole draw. Philox and threefry.
   */
  slice?: readonly [number, number];
}

export type Draws<O> = {
  (length: number, options?: O & Draw): Float32Array;
  (options: O & Draw & { out: Float32Array }): Float32Array;
};

/**
 * Draws values and moves on, philox and threefry by whole blocks of four: two draws of 5 are not one of 10, a slice is part of
 * one. Values are binary32; errors are TypeError and RangeError.
 */
export interface Generator {
  /** Uniform on [low, high) (0 and 1), multiples of (high - low) / 2^24 above low. */
  uniform: Draws<{ low?: number; high?: number }>;
  /** Normal with mean (0) and standard deviation std (1; 0 or more). */
  normal: Draws<{ mean?: number; std?: number }>;
  /**
   * The normal between low and high, in standard deviations from the mean (-2 and 2), or where they stand
   * (absolute: true, which is PyTorch's a and b).
   */
  truncatedNormal: Draws<{ mean?: number; std?: number; low?: number; high?: number; absolute?: boolean }>;
  /** 1 with probability p (0.5), else 0. */
  bernoulli: Draws<{ p?: number }>;
  /** 32 random bits each. */
  bits(length: number, options?: { out?: Uint32Array; slice?: readonly [number, number] }): Uint32Array;
  bits(options: { out: Uint32Array }): Uint32Array;
  /** Like Math.random, for whatever takes such a function (d3-random's source): 53 bits in [0, 1), bound to the generator. */
  source(): number;
  /** 0 to n - 1 in random order. */
  permutation(n: number): Uint32Array;
  /** In which order a data loader visits n rows in its next epoch; with torch, PyTorch's DataLoader's. */
  order(n: number): Uint32Array;
  /** What `random.restore` makes this generator from again; JSON keeps it whole. */
  state(): GeneratorState;
  /**
   * A generator of its own for a label. It depends on the seed and the labels alone, not on what was drawn:
   * adding a layer never reshuffles another. TypeError on torch.
   */
  fork(label: string | number): Generator;
}

/** A generator with a key of JAX's. */
export interface Threefry extends Generator {
  /** jax.random.split: so many generators, each with a key of its own. The generator itself is as before. */
  split(n?: number): Threefry[];
  /** jax.random.fold_in: the generator that a number from 0 to 2^32 - 1 makes of this one. */
  foldIn(data: number): Threefry;
  fork(label: string | number): Threefry;
  state(): GeneratorState & { generator: 'threefry' };
}

/** A generator's state, safe for JSON. */
export type GeneratorState = Record<string, unknown> & { generator: string };

const sources = new WeakMap<Generator, Source>();

/** The source behind a generator. */
function sourceOf(where: string, rng: unknown): Source {
  const source = typeof rng === 'object' && rng !== null ? sources.get(rng as Generator) : undefined;
  if (source === undefined)
    throw new TypeError(
      `${where}: rng is ${what(rng)}; pass a generator of this copy of fanwise, such as random.philox(seed)`,
    );
  return source;
}

/** The part of a whole that a slice names. */
export function part(
  where: string,
  slice: unknown,
  of: number,
  source: Pick<Source, 'sequential'> = {},
): { from: number; of: number; length: number } {
  if (slice === undefined) return { from: 0, of, length: of };
  if (!Array.isArray(slice) || slice.length !== 2)
    throw new TypeError(`${where}: slice is ${what(slice)}; pass [from, to]`);
  if (source.sequential !== undefined) throw new TypeError(`${where}: slice: ${source.sequential}`);
  const to = whole(where, 'the end of slice', slice[1], { most: of });
  const from = whole(where, 'the start of slice', slice[0], { most: to });
  return { from, of, length: to - from };
}

/** Where (a part of) a draw of `length` values goes: `out`, checked, or a new array; and which part that is. */
export function goal(where: string, length: number, { out, slice }: Draw, source?: Pick<Source, 'sequential'>) {
  const wanted = part(where, slice, length, source);
  if (out !== undefined)
    sameLength(where, 'out', float32(where, 'out', out).length, slice ? 'slice' : 'the draw', wanted.length);
  return { values: out ?? allocate(where, wanted.length, Float32Array), wanted };
}

/** Fills `out`, or a new array, with (a part of) a draw of `length` values. */
export function drawn(where: string, source: Source, law: Law, length: number, o: Draw): Float32Array {
  const { values, wanted } = goal(where, length, o, source);
  source.fill(law, values, wanted);
  return values;
}

type Options = Draw & Record<string, unknown>;
type Words = { out?: Uint32Array; slice?: Draw['slice'] };

/** Whether a draw is asked for by its options, of which `out` says how long it is, in place of a length. */
const isFilling = <T>(first: number | T): first is T =>
  typeof first === 'object' && first !== null && !Array.isArray(first);
const neither = (where: string) => new TypeError(`${where}: neither a length nor out; pass one`);

function generator<G extends Generator = Generator>(name: string, source: Source): G {
  const draws = (distribution: keyof typeof distributions) => {
    const where = `${name}.${distribution}`;
    const row = distributions[distribution];
    const names = Object.keys(row.options);
    const others = [...names, 'slice'];
    const known = [...names, 'out', 'slice'];
    /** The law of the defaults and the last other one, which stand for the next draw: a law takes 300 ns to make. */
    let common: Law | undefined;
    let last: { law: Law; values: unknown[] } | undefined;
    function lawOf(given: Options): Law {
      if (last?.values.every((value, i) => Object.is(value, given[names[i]]))) return last.law;
      last = { law: row.law(where, { ...row.options, ...given }), values: names.map((option) => given[option]) };
      return last.law;
    }
    return (first: unknown, second?: unknown) => {
      const filling = isFilling(first);
      const bare = usual(first, others, 'out');
      const given = bare ? (first as Options) : options<Options>(where, (filling ? first : second) as Options, known);
      const out = present(where, 'out', given.out);
      if (filling && out === undefined) throw neither(where);
      const length = filling
        ? (isOfWorkspace(out) ? out : float32(where, 'out', out)).length
        : whole(where, 'length', first);
      const law = bare ? (common ??= row.law(where, row.options)) : lawOf(given);
      if (!bare && !(filling && given.slice === undefined)) return drawn(where, source, law, length, given);
      source.fill(law, out!, { from: 0, of: length });
      return out!;
    };
  };
  const pair = new Uint32Array(2);
  const both = { from: 0, of: 2, length: 2 };
  const made: Generator = {
    uniform: draws('uniform'),
    normal: draws('normal'),
    truncatedNormal: draws('truncatedNormal'),
    bernoulli: draws('bernoulli'),
    bits(first: number | Words, second?: Words) {
      const where = `${name}.bits`;
      const filling = isFilling(first);
      const { out, slice } = options<Words>(where, filling ? first : second, ['out', 'slice']);
      if (filling && out === undefined) throw neither(where);
      const length = filling ? uint32(where, 'out', out).length : whole(where, 'length', first);
      const wanted = part(where, slice, length, source);
      if (out !== undefined) sameLength(where, 'out', uint32(where, 'out', out).length, 'the draw', wanted.length);
      const words = out ?? allocate(where, wanted.length, Uint32Array);
      source.bits(words, wanted);
      return words;
    },
    source() {
      source.bits(pair, both);
      // The first 27 bits and the next 26, as Python's random has them.
      return ((pair[0] >>> 5) * 2 ** 26 + (pair[1] >>> 6)) / 2 ** 53;
    },
    permutation: (n) => source.permutation(whole(`${name}.permutation`, 'n', n, { most: 2 ** 31 })),
    order: (n) => source.order(whole(`${name}.order`, 'n', n, { most: 2 ** 31 })),
    state: () => source.state() as GeneratorState,
    fork(label) {
      const where = `${name}.fork`;
      if (typeof label !== 'string' && !Number.isSafeInteger(label)) {
        throw new TypeError(`${where}: label is ${what(label)}; pass a text or a whole number`);
      }
      return generator(name, source.fork(String(label)));
    },
  };
  const { split, foldIn } = source;
  if (split && foldIn) {
    Object.assign(made, {
      split: (n = 2) => split(whole(`${name}.split`, 'n', n, { most: 2 ** 20 })).map((one) => generator(name, one)),
      foldIn: (data: number) => generator(name, foldIn(whole(`${name}.foldIn`, 'data', data, { most: WORD - 1 }))),
    });
  }
  sources.set(made, source);
  return Object.freeze(made) as G;
}

/** 64 bits of a seed; without one, bits of the system's. */
function bitsOf(where: string, seed: unknown): bigint {
  if (seed === undefined) {
    const [low, high] = crypto.getRandomValues(new Uint32Array(2));
    return (BigInt(high) << 32n) | BigInt(low);
  }
  if (typeof seed === 'string') return digest(0n, seed);
  if (typeof seed !== 'bigint') {
    if (typeof seed !== 'number')
      throw new TypeError(`${where}: seed is ${what(seed)}; pass a whole number, a bigint or a text`);
    if (Number.isInteger(seed) && !Number.isSafeInteger(seed))
      throw new RangeError(`${where}: seed is ${seed}, beyond what a number tells exactly; pass it as a bigint`);
    seed = BigInt(whole(where, 'seed', seed, { least: Number.MIN_SAFE_INTEGER }));
  }
  const wide = seed as bigint;
  if (wide < -(2n ** 63n) || wide >= 2n ** 64n) throw new RangeError(`${where}: seed is ${wide}n; pass one of 64 bits`);
  return BigInt.asUintN(64, wide);
}

/** The generator that options name: rng, or seed for a new philox, or a new one of the system's bits. */
export function generatorOf(where: string, { rng, seed }: { rng?: Generator; seed?: Seed }): Source {
  if (rng === undefined) return philox(bitsOf(where, seed));
  if (seed !== undefined) throw new TypeError(`${where}: both rng and seed; pass one`);
  return sourceOf(where, rng);
}

/** A source where a state says, which has to be one of the same generator: of its seed, its fork, its release. */
export function moved(where: string, source: Source, state: GeneratorState): void {
  random.restore(state); // which checks it
  const kind = (s: Record<string, unknown>) =>
    [s.generator, s.seed, s.stream, s.key, s.release].filter((part) => part !== undefined).join(' ');
  const [own, other] = [kind(source.state()), kind(state)];
  if (own !== other)
    throw new RangeError(`${where}: the generator is ${own} and was ${other}; pass one of the same seed`);
  source.move(state);
}

const wrong = (name: string, value: unknown) =>
  new TypeError(`random.restore: ${name} is ${what(value)}; pass what state() gave, unchanged`);

function integer(name: string, value: unknown): bigint {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value) || BigInt(value) >= 2n ** 64n) throw wrong(name, value);
  return BigInt(value);
}

function within(name: string, value: unknown, most: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > most) throw wrong(name, value);
  return value as number;
}

function restoreTorch(s: GeneratorState): Source {
  const release = releases.find((r) => r === s.release);
  if (release === undefined) throw wrong('release', s.release);
  const { words, cached } = s;
  if (!Array.isArray(words) || words.length !== INDEX) throw wrong('words', words);
  const state = new Uint32Array(STATE_WORDS);
  Array.from(words).forEach((word, i) => {
    state[i] = within(`words[${i}]`, word, 2 ** 32 - 1);
  });
  if (!state.some((word) => word !== 0)) throw wrong('words', words); // it would give zeros for ever
  state[INDEX] = within('index', s.index, INDEX);
  if (cached !== null) {
    if (typeof cached !== 'number' || !Number.isFinite(cached)) throw wrong('cached', cached);
    state[CACHED] = 1;
    cache(state)[0] = cached;
  }
  return torch(integer('seed', s.seed), release, state);
}

export const random = {
  /**
   * Philox4x32-10 (Salmon et al. 2011), the default: counter-based, so that value i of a draw depends on the
   * seed, the fork and i alone. Without a seed: 64 bits from crypto.getRandomValues.
   */
  philox(seed?: Seed): Generator {
    return generator('random.philox', philox(bitsOf('random.philox', seed)));
  },

  /**
   * PyTorch's generator: the same seed gives the same bits as torch.manual_seed on a CPU (x86 with AVX2), in
   * uniform, normal, permutation and order, and in what is made of them. release: the rules since PyTorch
   * 2.12 (the default) or those before.
   */
  torch(seed?: Seed, given?: { release?: Release }): Generator {
    const where = 'random.torch';
    const { release = '2.12' } = options(where, given, ['release']);
    const bits = bitsOf(where, seed);
    return generator(where, torch(bits, choice(where, 'release', release, releases), seeded(bits)));
  },

  /**
   * JAX's generator: the first draw from a seed is what jax.random makes of key(seed), to the bit in bits, uniform,
   * bernoulli and permutation, to 2e-6 in normals. (Of seeds from 0 to 2^32 - 1; others are JAX's with 64 bits enabled.)
   * Counter-based, like philox: draws that follow go on in the counter. As in JAX, uniform has multiples of 2^-23 of its
   * range, and may round up to `high` where that is far from 0.
   */
  threefry(seed?: Seed): Threefry {
    const bits = bitsOf('random.threefry', seed);
    return generator<Threefry>('random.threefry', threefry([high32(bits), low32(bits)]));
  },

  /** A generator from what its state() gave: it goes on where that one stood. */
  restore: ((state: GeneratorState): Generator => {
    if (typeof state !== 'object' || state === null) throw wrong('the state', state);
    if (state.generator === 'philox') {
      const block = within('block', state.block, Number.MAX_SAFE_INTEGER);
      return generator('random.philox', philox(integer('seed', state.seed), integer('stream', state.stream), block));
    }
    if (state.generator === 'threefry') {
      const { key } = state;
      if (!Array.isArray(key) || key.length !== 2) throw wrong('key', key);
      const [first, second] = Array.from(key, (word, i) => within(`key[${i}]`, word, WORD - 1));
      const block = within('block', state.block, Number.MAX_SAFE_INTEGER);
      return generator('random.threefry', threefry([first, second], block));
    }
    if (state.generator === 'torch') return generator('random.torch', restoreTorch(state));
    throw wrong('generator', state.generator);
  }) as { (state: GeneratorState & { generator: 'threefry' }): Threefry; (state: GeneratorState): Generator },
};
