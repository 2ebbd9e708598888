// A public generator: what can be drawn, checked, from a source.

import {
  allocate,
  type Floats,
  float32,
  hasOnly,
  notNull,
  options,
  sameLength,
  type Unchecked,
  uint32,
  type Words,
  what,
  whole,
} from '../check.js';
import { isOfWorkspace } from '../wasm/memory.js';
import {
  type Distribution,
  type DistributionName,
  distributions,
  type Law,
  lawFrom,
  type OptionsOf,
} from './distributions.js';
import { philox } from './philox.js';
import { bitsOfSeed, notBoth, type Slice, type Source, sourceOf, sources, WORD } from './source.js';

/** Where the values go and which of them are wanted. */
export interface Draw {
  /** Filled and returned instead of a new array. */
  out?: Float32Array | undefined;
  /**
   * The part [from, to) of the draw alone: the same values as in the whole. The generator moves on as by the
   * whole draw. Philox and threefry.
   */
  slice?: readonly [number, number] | undefined;
}

export type Draws<O> = {
  (length: number, options?: O & Draw): Floats;
  (options: O & Draw & { out: Float32Array }): Floats;
};

/** A method for each distribution. */
export type Distributions = { [D in keyof typeof distributions]: Draws<OptionsOf<D>> };

/**
 * Draws values and moves on, philox and threefry by whole blocks of four: two draws of 5 are not one of 10, a slice is part of
 * one. Values are binary32; errors are TypeError and RangeError.
 */
export interface Generator extends Distributions {
  /** 32 random bits each. */
  bits(
    length: number,
    options?: { out?: Uint32Array | undefined; slice?: readonly [number, number] | undefined },
  ): Words;
  bits(options: { out: Uint32Array }): Words;
  /** Like Math.random, for whatever takes such a function (d3-random's source): 53 bits in [0, 1), bound to the generator. */
  source(): number;
  /** 0 to n - 1 in random order. */
  permutation(n: number): Words;
  /** In which order a data loader visits n rows in its next epoch; with torch, PyTorch's DataLoader's. */
  order(n: number): Words;
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

/** The slice [from, to) of a whole of n values, and its length. */
export function sliceOf(
  where: string,
  slice: unknown,
  n: number,
  source: Pick<Source, 'sequential'> = {},
): Slice & { length: number } {
  if (slice === undefined) return { from: 0, of: n, length: n };
  if (!Array.isArray(slice) || slice.length !== 2)
    throw new TypeError(`${where}: slice is ${what(slice)}; pass [from, to]`);
  if (source.sequential !== undefined) throw new TypeError(`${where}: slice: ${source.sequential}`);
  const to = whole(where, 'the end of slice', slice[1], { most: n });
  const from = whole(where, 'the start of slice', slice[0], { most: to });
  return { from, of: n, length: to - from };
}

/** The output of (a slice of) a draw of n values: `out`, checked, or a new array; and the slice. */
export function outputOf(
  where: string,
  n: number,
  { out, slice }: Unchecked<Draw>,
  source?: Pick<Source, 'sequential'>,
) {
  const wanted = sliceOf(where, slice, n, source);
  if (out === undefined) return { values: allocate(where, wanted.length, Float32Array), wanted };
  const values = float32(where, 'out', out);
  sameLength(where, 'out', values.length, slice ? 'slice' : 'the draw', wanted.length);
  return { values, wanted };
}

/** Fills `out`, or a new array, with (a slice of) a draw of n values. */
export function fillDraw(where: string, source: Source, law: Law, n: number, o: Unchecked<Draw>): Floats {
  const { values, wanted } = outputOf(where, n, o, source);
  source.fill(law, values, wanted);
  return values as Floats;
}

type Options = Draw & Record<string, unknown>;
type BitsOptions = { out?: Uint32Array | undefined; slice?: Draw['slice'] | undefined };

/** Whether a draw is asked for by its options, of which `out` says how long it is, in place of a length. */
const isFilling = <T>(first: number | T): first is T =>
  typeof first === 'object' && first !== null && !Array.isArray(first);
const neither = (where: string) => new TypeError(`${where}: neither a length nor out; pass one`);

/** The method of a distribution. */
function drawsOf(where: string, name: DistributionName, source: Source) {
  const row = distributions[name] as Distribution;
  const names = Object.keys(row.options);
  const others = [...names, 'slice'];
  const known = [...names, 'out', 'slice'];
  const make = (o: Record<string, unknown>) => lawFrom(where, name, o);
  /** The law of the defaults and the last other one are kept for the next draw: a law takes 300 ns to make. */
  let common: Law | undefined;
  let last: { law: Law; values: unknown[] } | undefined;
  function lawOf(given: Record<string, unknown>): Law {
    if (last?.values.every((value, i) => Object.is(value, given[names[i]]))) return last.law;
    last = { law: make(given), values: names.map((option) => given[option]) };
    return last.law;
  }
  return (first: unknown, second?: unknown) => {
    const filling = isFilling(first);
    const bare = hasOnly(first, others, 'out');
    const o = bare ? first : options<Options>(where, (filling ? first : second) as Options, known);
    const given = notNull(where, 'out', o.out);
    if (filling && given === undefined) throw neither(where);
    const out = filling ? (isOfWorkspace(given) ? given : float32(where, 'out', given)) : undefined;
    const length = out ? out.length : whole(where, 'length', first);
    const law = bare ? (common ??= make({})) : lawOf(o as Record<string, unknown>);
    const { slice } = o as Unchecked<Draw>;
    if (out === undefined || slice !== undefined) return fillDraw(where, source, law, length, { out: given, slice });
    source.fill(law, out, { from: 0, of: length });
    return out;
  };
}

/** A generator of a name that errors begin with, such as random.philox. */
export function generator<G extends Generator = Generator>(name: string, source: Source): G {
  const draws = Object.fromEntries(
    Object.keys(distributions).map((key) => [key, drawsOf(`${name}.${key}`, key as DistributionName, source)]),
  ) as unknown as Distributions;
  const pair = new Uint32Array(2);
  const both = { from: 0, of: 2 };
  const made: Generator = {
    ...draws,
    bits(first: number | BitsOptions, second?: BitsOptions) {
      const where = `${name}.bits`;
      const filling = isFilling(first);
      const o = options<BitsOptions>(where, filling ? first : second, ['out', 'slice']);
      if (filling && o.out === undefined) throw neither(where);
      const out = o.out === undefined ? undefined : uint32(where, 'out', o.out);
      const length = filling ? out!.length : whole(where, 'length', first);
      const wanted = sliceOf(where, o.slice, length, source);
      if (out !== undefined) sameLength(where, 'out', out.length, 'the draw', wanted.length);
      const words = out ?? allocate(where, wanted.length, Uint32Array);
      source.bits(words, wanted);
      return words as Words;
    },
    source() {
      source.bits(pair, both);
      // The first 27 bits and the next 26, as Python's random has them.
      return ((pair[0] >>> 5) * 2 ** 26 + (pair[1] >>> 6)) / 2 ** 53;
    },
    permutation: (n) => source.permutation(whole(`${name}.permutation`, 'n', n, { most: 2 ** 31 })) as Words,
    order: (n) => source.order(whole(`${name}.order`, 'n', n, { most: 2 ** 31 })) as Words,
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

/** The source that options name: that of rng, or of a new philox of a seed, or of the system's bits. */
export function sourceFrom(where: string, o: { rng?: unknown; seed?: unknown }): Source {
  notBoth(where, o);
  return o.rng === undefined ? philox(bitsOfSeed(where, o.seed)) : sourceOf(where, o.rng);
}

/** The generator that options name: rng, or a new philox of a seed, or of the system's bits. */
export function generatorFrom(where: string, o: { rng?: unknown; seed?: unknown }): Generator {
  notBoth(where, o);
  if (o.rng === undefined) return generator('random.philox', philox(bitsOfSeed(where, o.seed)));
  sourceOf(where, o.rng);
  return o.rng as Generator;
}
