// What a draw can follow: laws as data, with their defaults and checks. Generators turn a law into values;
// an initialiser is a law that depends on fans.

import { flag, number } from '../check.js';
import { scalar } from '../wasm/kernels.js';
import { randomModule } from '../wasm/module.js';

export type Law =
  | { distribution: 'constant'; value: number }
  | { distribution: 'uniform'; low: number; high: number }
  | { distribution: 'normal'; mean: number; std: number }
  | { distribution: 'truncatedNormal'; mean: number; std: number; low: number; high: number }
  | { distribution: 'bernoulli'; p: number };

/** Values from ... of a draw of `of` values; as many as the output holds. */
export interface Part {
  from: number;
  of: number;
}

/** Where values come from: the generator behind a public one, which checks what it hands on. */
export interface Source {
  fill(law: Law, out: Float32Array, part: Part): void;
  bits(out: Uint32Array, part: Part): void;
  permutation(n: number): Uint32Array;
  /** In which order a data loader visits n rows in its next epoch. */
  order(n: number): Uint32Array;
  fork(label: string): Source;
  /** JAX's split and fold_in. */
  split?(n: number): Source[];
  foldIn?(data: number): Source;
  /** JSON-safe; what `restore` takes. */
  state(): Record<string, unknown>;
  /** Goes where a state of the same generator stood, which was checked. */
  move(state: Record<string, unknown>): void;
  /** Why a part of a draw cannot be had, if so. */
  readonly sequential?: string;
}

type Options = Record<string, unknown>;

const finite = (where: string, o: Options, name: string): number => number(where, name, o[name]);

function deviation(where: string, o: Options): number {
  return number(where, 'std', finite(where, o, 'std'), { least: 0 });
}

function ordered(where: string, low: number, high: number): void {
  if (low > high) throw new RangeError(`${where}: low is ${low} and high ${high}; pass low <= high`);
}

/** The distributions that random offers: the options' defaults, and the law (or the error) that options make. */
export const distributions = {
  uniform: {
    options: { low: 0, high: 1 },
    law(where: string, o: Options): Law {
      const low = finite(where, o, 'low');
      const high = finite(where, o, 'high');
      ordered(where, low, high);
      number(where, 'high - low in binary32', Math.fround(Math.fround(high) - Math.fround(low)));
      return { distribution: 'uniform', low, high };
    },
  },
  normal: {
    options: { mean: 0, std: 1 },
    law(where: string, o: Options): Law {
      return representable(where, { distribution: 'normal', mean: finite(where, o, 'mean'), std: deviation(where, o) });
    },
  },
  truncatedNormal: {
    options: { mean: 0, std: 1, low: -2, high: 2, absolute: false },
    law(where: string, o: Options): Law {
      const mean = finite(where, o, 'mean');
      const std = deviation(where, o);
      const absolute = flag(where, 'absolute', o.absolute);
      const bound = (name: string) => {
        const value = number(where, name, o[name], { infinite: true });
        return absolute ? value : std === 0 ? mean : mean + std * value;
      };
      ordered(
        where,
        number(where, 'low', o.low, { infinite: true }),
        number(where, 'high', o.high, { infinite: true }),
      );
      const [low, high] = [bound('low'), bound('high')];
      for (const value of [low, high].filter(Number.isFinite)) number(where, 'a bound', value);
      if (std > 0 && (low < high || !Number.isFinite(low))) {
        const { lower, upper } = tails(mean, std, low, high);
        // The least probability drawn is 2^-33 of it, and must be a normal binary32.
        if (!(upper - lower >= 2 ** -92)) {
          throw new RangeError(
            `${where}: between ${low} and ${high} there is no probability left; move low and high towards the mean`,
          );
        }
      }
      return { distribution: 'truncatedNormal', mean, std, low, high };
    },
  },
  bernoulli: {
    options: { p: 0.5 },
    law(where: string, o: Options): Law {
      return { distribution: 'bernoulli', p: number(where, 'p', o.p, { least: 0, most: 1 }) };
    },
  },
};

/**
 * The normal's probabilities below the two bounds; mirrored about the mean where the interval lies to its
 * right, so that small probabilities keep their digits.
 */
export function tails(
  mean: number,
  std: number,
  low: number,
  high: number,
): { lower: number; upper: number; mirrored: boolean } {
  const a = (low - mean) / std;
  const b = (high - mean) / std;
  const mirrored = a + b > 0;
  return {
    lower: scalar(randomModule, 'normalCdf', mirrored ? -b : a),
    upper: scalar(randomModule, 'normalCdf', mirrored ? -a : b),
    mirrored,
  };
}

/** A truncated normal with nothing to draw: its one value. */
export function degenerate({
  mean,
  std,
  low,
  high,
}: {
  mean: number;
  std: number;
  low: number;
  high: number;
}): number | undefined {
  return std === 0 || low === high ? Math.min(Math.max(mean, low), high) : undefined;
}

/** Fisher and Yates: at step i the entry i places on, `pick(i)` of n - i, is swapped in. */
export function shuffled(n: number, pick: (i: number) => number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n - 1; i++) {
    const j = i + pick(i);
    const kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  return order;
}

/** Mean and standard deviation of a law, and the bounds of its values. */
export function moments(law: Law): { mean: number; std: number; low: number; high: number } {
  switch (law.distribution) {
    case 'constant':
      return { mean: law.value, std: 0, low: law.value, high: law.value };
    case 'uniform':
      return {
        mean: (law.low + law.high) / 2,
        std: (law.high - law.low) / Math.sqrt(12),
        low: law.low,
        high: law.high,
      };
    case 'normal':
      return { mean: law.mean, std: law.std, low: -Infinity, high: Infinity };
    case 'truncatedNormal': {
      const { low, high } = law;
      const value = degenerate(law);
      if (value !== undefined) return { mean: value, std: 0, low, high };
      // So narrow that the normal is flat in it, and that the differences below would cancel.
      if (high - low < 1e-3 * law.std) return { mean: (low + high) / 2, std: (high - low) / Math.sqrt(12), low, high };
      const { lower, upper } = tails(law.mean, law.std, low, high);
      const a = (low - law.mean) / law.std;
      const b = (high - law.mean) / law.std;
      const share = (x: number) => scalar(randomModule, 'normalDensity', x) / (upper - lower);
      const shift = share(a) - share(b);
      const weighted = (x: number) => (Number.isFinite(x) ? x * share(x) : 0);
      const std = law.std * Math.sqrt(1 + weighted(a) - weighted(b) - shift * shift);
      return { mean: law.mean + law.std * shift, std, low, high };
    }
    case 'bernoulli':
      return { mean: law.p, std: Math.sqrt(law.p * (1 - law.p)), low: 0, high: 1 };
  }
}

/** A law whose values binary32 can hold: of a normal, eight deviations (a value has less than seven). */
export function representable(where: string, law: Law): Law {
  const uniform = law.distribution === 'uniform';
  const ends = uniform ? [law.low, law.high, law.high - law.low] : 'std' in law ? [law.mean, law.std] : [];
  if (law.distribution === 'normal') ends.push(Math.abs(law.mean) + 8 * law.std);
  for (const value of ends) {
    if (!Number.isFinite(Math.fround(value))) {
      throw new RangeError(
        `${where}: the options make a ${law.distribution} with ${value} in it, beyond binary32; make them smaller`,
      );
    }
  }
  return law;
}
