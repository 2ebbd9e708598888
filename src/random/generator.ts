// Public generators: draws from a source, with checked arguments.

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
import { bitsOfSeed, notBoth, type Slice, type Source, sourceOf, sources, WORD, wellFormed } from './source.js';

/** Options of a draw: the array for its values, and a slice. */
export interface Draw {
  /** The array to fill and return, instead of a new one. */
  out?: Float32Array | undefined;
  /**
   * Only values [from, to) of the draw: those that the whole draw has there. The generator advances by the whole draw. Philox and
   * threefry.
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
 * A random number generator. Each draw advances it; philox and threefry advance by blocks of four values, so that two draws of 5
 * are not one of 10. Values are binary32. Wrong arguments are a TypeError or a RangeError.
 */
export interface Generator extends Distributions {
  /** Words of 32 random bits. */
  bits(
    length: number,
    options?: { out?: Uint32Array | undefined; slice?: readonly [number, number] | undefined },
  ): Words;
  bits(options: { out: Uint32Array }): Words;
  /** A number of 53 random bits in [0, 1). Like Math.random it needs no `this`: pass it as d3-random's source. */
  source(): number;
  /** 0 to n - 1 in random order, n up to 2^31. Takes 4 bytes a row, of threefry 16. */
  permutation(n: number): Words;
  /** The order of n rows in a data loader's next epoch; with torch, that of PyTorch's DataLoader. */
  order(n: number): Words;
  /** The state, from which `random.restore` makes this generator again. JSON preserves it. */
  state(): GeneratorState;
  /**
   * A new generator for a label. It depends on the seed and the labels, not on earlier draws: to add a layer does not change the
   * values of another. TypeError on torch.
   */
  fork(label: string | number): Generator;
}

/** A generator with one of JAX's keys. */
export interface Threefry extends Generator {
  /** jax.random.split: n new generators with a key each (2 by default). This generator does not change. */
  split(n?: number): Threefry[];
  /** jax.random.fold_in: a new generator for a number from 0 to 2^32 - 1. */
  foldIn(data: number): Threefry;
  fork(label: string | number): Threefry;
  state(): GeneratorState & { generator: 'threefry' };
}

/** A generator's state. JSON preserves it. */
export type GeneratorState = Record<string, unknown> & { generator: string };

/** The slice [from, to) of a draw of n values, checked, and its length. TypeError where the source has no slices. */
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

/** The array for (a slice of) a draw of n values: `out`, checked, or a new one. And the slice. */
export function outputOf(
  where: string,
  n: number,
  { out, slice }: Unchecked<Draw>,
  source?: Pick<Source, 'sequential'>,
) {
  const range = sliceOf(where, slice, n, source);
  if (out === undefined) return { values: allocate(where, range.length, Float32Array), range };
  const values = float32(where, 'out', out);
  sameLength(where, 'out', values.length, slice ? 'slice' : 'the draw', range.length);
  return { values, range };
}

/** Fills `out`, or a new array, with (a slice of) a draw of n values. */
export function fillDraw(where: string, source: Source, law: Law, n: number, o: Unchecked<Draw>): Floats {
  const { values, range } = outputOf(where, n, o, source);
  source.fill(law, values, range);
  return values as Floats;
}

type Options = Draw & Record<string, unknown>;
type BitsOptions = { out?: Uint32Array | undefined; slice?: Draw['slice'] | undefined };

/** Whether the first argument of a draw is its options, whose `out` has the length of the draw, and not a length. */
const isFilling = <T>(first: number | T): first is T =>
  typeof first === 'object' && first !== null && !Array.isArray(first);
const neitherError = (where: string) => new TypeError(`${where}: neither a length nor out; pass one`);

/** The method of a distribution. */
function drawsOf(where: string, name: DistributionName, source: Source) {
  const row = distributions[name] as Distribution;
  const names = Object.keys(row.options);
  const withoutOut = [...names, 'slice'];
  const known = [...names, 'out', 'slice'];
  const make = (o: Record<string, unknown>) => lawFrom(where, name, o);
  /** The law of the defaults, and the latest other one, for later draws: to make a law takes 300 ns. */
  let defaults: Law | undefined;
  let last: { law: Law; values: unknown[] } | undefined;
  function lawOf(o: Record<string, unknown>): Law {
    if (last?.values.every((value, i) => Object.is(value, o[names[i]]))) return last.law;
    last = { law: make(o), values: names.map((option) => o[option]) };
    return last.law;
  }
  return (first: unknown, second?: unknown) => {
    const filling = isFilling(first);
    const onlyOut = hasOnly(first, withoutOut, 'out');
    const o = onlyOut ? first : options<Options>(where, (filling ? first : second) as Options, known);
    const unchecked = notNull(where, 'out', o.out);
    if (filling && unchecked === undefined) throw neitherError(where);
    const out = filling ? (isOfWorkspace(unchecked) ? unchecked : float32(where, 'out', unchecked)) : undefined;
    const length = out ? out.length : whole(where, 'length', first);
    const law = onlyOut ? (defaults ??= make({})) : lawOf(o as Record<string, unknown>);
    const { slice } = o as Unchecked<Draw>;
    if (out === undefined || slice !== undefined)
      return fillDraw(where, source, law, length, { out: unchecked, slice });
    source.fill(law, out, { from: 0, of: length });
    return out;
  };
}

/** A public generator on a source. `name`, such as random.philox, begins its errors. */
export function generator<G extends Generator = Generator>(name: string, source: Source): G {
  const draws = Object.fromEntries(
    Object.keys(distributions).map((key) => [key, drawsOf(`${name}.${key}`, key as DistributionName, source)]),
  ) as unknown as Distributions;
  const pair = new Uint32Array(2);
  const wholePair = { from: 0, of: 2 };
  const methods: Generator = {
    ...draws,
    bits(first: number | BitsOptions, second?: BitsOptions) {
      const where = `${name}.bits`;
      const filling = isFilling(first);
      const o = options<BitsOptions>(where, filling ? first : second, ['out', 'slice']);
      if (filling && o.out === undefined) throw neitherError(where);
      const out = o.out === undefined ? undefined : uint32(where, 'out', o.out);
      const length = filling ? out!.length : whole(where, 'length', first);
      const range = sliceOf(where, o.slice, length, source);
      if (out !== undefined) sameLength(where, 'out', out.length, 'the draw', range.length);
      const words = out ?? allocate(where, range.length, Uint32Array);
      source.bits(words, range);
      return words as Words;
    },
    source() {
      source.bits(pair, wholePair);
      // 27 bits of the first word and 26 of the second, as in Python's random.random.
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
      if (typeof label === 'string') wellFormed(where, 'label', label);
      return generator(name, source.fork(String(label)));
    },
  };
  const { split, foldIn } = source;
  if (split && foldIn) {
    Object.assign(methods, {
      split: (n = 2) => split(whole(`${name}.split`, 'n', n, { most: 2 ** 20 })).map((part) => generator(name, part)),
      foldIn: (data: number) => generator(name, foldIn(whole(`${name}.foldIn`, 'data', data, { most: WORD - 1 }))),
    });
  }
  sources.set(methods, source);
  return Object.freeze(methods) as G;
}

/** The source of the options rng or seed: the generator's, or a new philox's, without a seed one of the system's bits. */
export function sourceFrom(where: string, o: { rng?: unknown; seed?: unknown }): Source {
  notBoth(where, o);
  return o.rng === undefined ? philox(bitsOfSeed(where, o.seed)) : sourceOf(where, o.rng);
}

/** The generator of the options rng or seed: rng itself, or a new philox, without a seed one of the system's bits. */
export function generatorFrom(where: string, o: { rng?: unknown; seed?: unknown }): Generator {
  notBoth(where, o);
  if (o.rng === undefined) return generator('random.philox', philox(bitsOfSeed(where, o.seed)));
  sourceOf(where, o.rng);
  return o.rng as Generator;
}
