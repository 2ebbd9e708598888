// The table of distributions. A row has the options with their defaults, the law that they make (the numbers that a draw needs),
// the law's mean and standard deviation, and, for each generator, how it draws the law: a kernel and its numbers, or the one
// value that all draws have. The generators' methods and their types, errors, golden hashes and tests are made from the rows.
// The kernels are in assembly/random/.

import { number } from '../check.js';
import { type Options, type PartialValues, type Values, valuesOf } from '../options.js';
import { scalar } from '../wasm/kernels.js';
import { type RandomKernel, randomModule } from '../wasm/module.js';
import type { TorchStream } from './torch-stream.js';
import {
  neighbour,
  onlyTruncatedValue,
  probabilities,
  requireOrder,
  type TruncatedLaw,
  within,
  withoutInfinity,
} from './truncated.js';

/** A kernel, to be called as kernel(state, out, n, ...numbers), or the one value that all draws have. */
export type Drawing = readonly [kernel: RandomKernel, numbers: readonly number[]] | number;

/** Mean and standard deviation of a law, and the bounds of its values. */
export interface Moments {
  mean: number;
  std: number;
  low: number;
  high: number;
}

export interface Distribution<O extends Options = Options, L = unknown> {
  readonly options: O;
  /** The law that the options make. RangeError where they make none. */
  law(where: string, values: Values<O>): L;
  moments(law: L): Moments;
  /** Numbers of a law that have to be finite in binary32. */
  numbers(law: L): readonly number[];
  philox(law: L): Drawing;
  /** As jax.random draws it. */
  threefry(law: L): Drawing;
  /** As PyTorch draws it on a CPU. */
  torch(law: L, stream: TorchStream, out: Float32Array): void;
}

/** A row; its type has the type of its law. */
const row = /* @__NO_SIDE_EFFECTS__ */ <const O extends Options, L>(
  distribution: Distribution<O, L>,
): Distribution<O, L> => distribution;

/** JAX makes its normals from uniforms that begin at this, the least number above -1. */
const ABOVE_MINUS_ONE = -1 + 2 ** -24;

export const distributions = {
  /** Uniform on [low, high) (0 and 1), multiples of (high - low) / 2^24 above low. */
  uniform: row({
    options: { low: { value: 0 }, high: { value: 1 } },
    law(where, { low, high }) {
      requireOrder(where, low, high);
      number(where, 'high - low in binary32', Math.fround(Math.fround(high) - Math.fround(low)));
      return { low, high };
    },
    moments: ({ low, high }) => ({ mean: (low + high) / 2, std: (high - low) / Math.sqrt(12), low, high }),
    numbers: ({ low, high }) => [low, high, high - low],
    philox(law) {
      const [low, high] = [Math.fround(law.low), Math.fround(law.high)];
      return ['philoxUniform', [low, Math.fround(high - low), low < high ? neighbour(high, -1, true) : low]];
    },
    threefry(law) {
      const low = Math.fround(law.low);
      return ['threefryUniform', [low, Math.fround(Math.fround(law.high) - low)]];
    },
    torch: ({ low, high }, stream, out) => stream.uniform(out, low, high),
  }),

  /** Normal with mean (0) and standard deviation std (1; 0 or more). */
  normal: row({
    options: { mean: { value: 0 }, std: { value: 1, least: 0 } },
    law(_, { mean, std }) {
      return { mean, std };
    },
    moments: ({ mean, std }) => ({ mean, std, low: -Infinity, high: Infinity }),
    // A value has at most 8.58 standard deviations, by random.torch, from 53 bits.
    numbers: ({ mean, std }) => [mean, std, Math.abs(mean) + 8.6 * std],
    philox: ({ mean, std }) => ['philoxNormal', [mean, std]],
    threefry: ({ mean, std }) => ['threefryNormal', [ABOVE_MINUS_ONE, 2, mean, std, -Infinity, Infinity]],
    torch: ({ mean, std }, stream, out) => stream.normal(out, mean, std),
  }),

  /**
   * The normal between low and high, in standard deviations from the mean (-2 and 2), or as values (absolute: true, which is
   * PyTorch's a and b).
   */
  truncatedNormal: row({
    options: {
      mean: { value: 0 },
      std: { value: 1, least: 0 },
      low: { value: -2, infinite: true },
      high: { value: 2, infinite: true },
      absolute: { value: false },
    },
    law(where, { mean, std, absolute, ...o }): TruncatedLaw {
      const bound = (value: number) => (absolute ? value : std === 0 ? mean : mean + std * value);
      requireOrder(where, o.low, o.high);
      const [low, high] = [bound(o.low), bound(o.high)];
      for (const value of [low, high].filter(Number.isFinite)) number(where, 'a bound', value);
      // The least probability that is drawn is 2^-33 of the interval's; it has to be a normal binary32.
      if (std > 0 && (low < high || !Number.isFinite(low))) {
        const { lower, upper } = probabilities({ mean, std, low, high });
        if (!(upper - lower >= 2 ** -92))
          throw new RangeError(
            `${where}: between ${low} and ${high} there is no probability left; move low and high towards the mean`,
          );
      }
      return { mean, std, low, high };
    },
    moments(law) {
      const { low, high } = law;
      const value = onlyTruncatedValue(law);
      if (value !== undefined) return { mean: value, std: 0, low, high };
      // In a narrow interval the normal is nearly uniform, and the differences below would cancel.
      if (high - low < 1e-3 * law.std) return { mean: (low + high) / 2, std: (high - low) / Math.sqrt(12), low, high };
      const { lower, upper } = probabilities(law);
      const [a, b] = [(low - law.mean) / law.std, (high - law.mean) / law.std];
      const density = (x: number) => scalar(randomModule, 'normalDensity', x) / (upper - lower);
      const shift = density(a) - density(b);
      const weighted = (x: number) => (Number.isFinite(x) ? x * density(x) : 0);
      const std = law.std * Math.sqrt(1 + weighted(a) - weighted(b) - shift * shift);
      return { mean: law.mean + law.std * shift, std, low, high };
    },
    // The least probability drawn, 2^-125, is 12.9 standard deviations out.
    numbers({ mean, std, low, high }) {
      const reach = Math.min(13 * std, Math.max(Math.abs(low - mean), Math.abs(high - mean)));
      return [mean, std, reach, Math.max(low, mean - reach), Math.min(high, mean + reach)];
    },
    philox(law) {
      const value = onlyTruncatedValue(law);
      if (value !== undefined) return value;
      const { mean, std, low, high } = law;
      const { lower, upper, mirrored } = probabilities(law);
      return ['philoxTruncatedNormal', [mean, mirrored ? -std : std, lower, upper, ...within(low, high, false)]];
    },
    threefry(law) {
      const value = onlyTruncatedValue(law);
      if (value !== undefined) return value;
      const { mean, std, low, high } = law;
      // erf of the bounds, in standard deviations over sqrt(2), in binary32.
      const erf = (bound: number) => Math.fround(scalar(randomModule, 'erf', ((bound - mean) / std) * Math.SQRT1_2));
      const [from, to] = [erf(low), erf(high)];
      if (!(to - from > 2 ** -11))
        throw new RangeError(
          `random.threefry.truncatedNormal: JAX's rule has fewer than 8,192 values between ${low} and ${high}; move low and high towards the mean, or use random.philox`,
        );
      // Where u is -1 or 1 JAX gives a bound. Here that is never infinite.
      const bounds = within(...withoutInfinity(law), true);
      return ['threefryNormal', [from, Math.fround(to - from), mean, std, ...bounds]];
    },
    torch: (law, stream, out) => stream.truncatedNormal(out, law),
  }),

  /** 1 with probability p (0.5), else 0. */
  bernoulli: row({
    options: { p: { value: 0.5, least: 0, most: 1 } },
    law(_, { p }) {
      return { p };
    },
    moments: ({ p }) => ({ mean: p, std: Math.sqrt(p * (1 - p)), low: 0, high: 1 }),
    numbers: () => [],
    philox({ p }) {
      const threshold = Math.round(p * 2 ** 32);
      return threshold === 2 ** 32 ? 1 : ['philoxBernoulli', [threshold]];
    },
    threefry: ({ p }) => ['threefryBernoulli', [p]],
    torch: ({ p }, stream, out) => stream.draw('torchBernoulli', out, [p]),
  }),

  /** Exponential with a rate (1), mean 1 / rate: from 0 to 22.2 means with philox, to 36.7 with torch, to 15.9 with threefry. */
  exponential: row({
    options: { rate: { value: 1, least: 0, open: true } },
    law(_, { rate }) {
      return { mean: 1 / rate };
    },
    moments: ({ mean }) => ({ mean, std: mean, low: 0, high: Infinity }),
    numbers: ({ mean }) => [36.8 * mean],
    philox: ({ mean }) => ['philoxExponential', [mean]],
    threefry: ({ mean }) => ['threefryExponential', [mean]],
    torch: ({ mean }, stream, out) => stream.draw('torchExponential', out, [mean]),
  }),
};

export type DistributionName = keyof typeof distributions;
type Rows = typeof distributions;
export type OptionsOf<D extends DistributionName> = PartialValues<Rows[D]['options']>;

/** A distribution with its numbers, as data. An initialiser makes a law from fans and options. */
export type Law =
  | { [D in DistributionName]: { distribution: D } & ReturnType<Rows[D]['law']> }[DistributionName]
  | { distribution: 'constant'; value: number };

/** The row of a law's distribution; undefined if the law is constant. */
export const distributionOf = (law: Law): Distribution | undefined =>
  law.distribution === 'constant' ? undefined : (distributions[law.distribution] as Distribution);

/** Mean and standard deviation of a law, and the bounds of its values. */
export const momentsOf = (law: Law): Moments =>
  law.distribution === 'constant'
    ? { mean: law.value, std: 0, low: law.value, high: law.value }
    : distributionOf(law)!.moments(law);

/** The law itself. RangeError where one of its numbers is not finite in binary32. */
export function representable<L extends Law>(where: string, law: L): L {
  for (const value of distributionOf(law)?.numbers(law) ?? []) {
    if (!Number.isFinite(Math.fround(value)))
      throw new RangeError(
        `${where}: the options make a ${law.distribution} with ${value} in it, beyond binary32; make them smaller`,
      );
  }
  return law;
}

/** The law that a distribution's options make. TypeError or RangeError for wrong options. */
export function lawFrom(where: string, name: DistributionName, given: Record<string, unknown>): Law {
  const row = distributions[name] as Distribution;
  const law = { distribution: name, ...(row.law(where, valuesOf(where, row.options, given)) as object) } as Law;
  return representable(where, law);
}
