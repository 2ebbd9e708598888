// Ten million values of every distribution and initialiser against the distribution they should have: four moments, the
// Kolmogorov-Smirnov statistic, and chi squared over a thousand classes of equal probability.

import { type Generator, init, random } from '../../src/index.js';
import { initialisers } from '../../src/init/table.js';
import { type DistributionName, type Law, lawFrom } from '../../src/random/distributions.js';
import { phi } from '../activation/accuracy.js';

export interface Measured {
  name: string;
  /** The errors of the moments of order one to four, in standard deviations. */
  moments: number[];
  /** sqrt(n) D; above 2.2 once in 8,000. */
  kolmogorovSmirnov: number;
  /** The error of chi squared, in standard deviations. */
  chiSquared: number;
}

export const N = 10_000_000;
const CLASSES = 1000;

type ContinuousName = Exclude<DistributionName, 'bernoulli'>;
type Continuous = Extract<Law, { distribution: ContinuousName }>;

/** The distribution function of a law, and its density up to a factor, in units of its scale about its centre. */
function shape(law: Continuous) {
  if (law.distribution === 'uniform') {
    const [centre, scale] = [(law.low + law.high) / 2, (law.high - law.low) / 2];
    return { centre, scale, from: -1, to: 1, density: () => 1, cdf: (z: number) => (z + 1) / 2 };
  }
  if (law.distribution === 'exponential') {
    const density = (z: number) => Math.exp(-z);
    return { centre: 0, scale: law.mean, from: 0, to: 60, density, cdf: (z: number) => -Math.expm1(-z) };
  }
  const bounds = law.distribution === 'normal' ? [-Infinity, Infinity] : [law.low, law.high];
  const [a, b] = bounds.map((bound) => (bound - law.mean) / law.std);
  const [low, high] = [phi(a)[0], phi(b)[0]];
  const cdf = (z: number) => (phi(z)[0] - low) / (high - low);
  return {
    centre: law.mean,
    scale: law.std,
    from: Math.max(a, -9),
    to: Math.min(b, 9),
    cdf,
    density: (z: number) => phi(z)[1],
  };
}

/** E z^k for k = 0 ... 8, by Simpson's rule. */
function expected({ from, to, density }: ReturnType<typeof shape>): number[] {
  const steps = 20_000;
  const sums = new Array<number>(9).fill(0);
  for (let i = 0; i <= steps; i++) {
    const z = from + ((to - from) * i) / steps;
    const weight = density(z) * (i === 0 || i === steps ? 1 : i % 2 ? 4 : 2);
    for (let k = 0, power = weight; k <= 8; k++, power *= z) sums[k] += power;
  }
  return sums.map((sum) => sum / sums[0]);
}

export function measure(name: string, x: Float32Array, law: Continuous): Measured {
  const n = x.length;
  const about = shape(law);
  const theory = expected(about);
  const sums = [0, 0, 0, 0];
  const counts = new Float64Array(CLASSES);
  x.sort();
  let distance = 0;
  for (let i = 0; i < n; i++) {
    const z = (x[i] - about.centre) / about.scale;
    const p = about.cdf(z);
    distance = Math.max(distance, p - i / n, (i + 1) / n - p);
    counts[Math.min(CLASSES - 1, Math.max(0, Math.floor(p * CLASSES)))]++;
    for (let k = 0, power = z; k < 4; k++, power *= z) sums[k] += power;
  }
  const chi = counts.reduce((sum, count) => sum + (count - n / CLASSES) ** 2 / (n / CLASSES), 0);
  return {
    name,
    moments: sums.map((sum, k) => {
      const spread = Math.sqrt((theory[2 * k + 2] - theory[k + 1] ** 2) / n);
      return (sum / n - theory[k + 1]) / spread;
    }),
    kolmogorovSmirnov: distance * Math.sqrt(n),
    chiSquared: (chi - (CLASSES - 1)) / Math.sqrt(2 * (CLASSES - 1)),
  };
}

export const isWithinLimits = ({ moments, kolmogorovSmirnov, chiSquared }: Measured) =>
  [...moments, chiSquared].every((z) => Math.abs(z) < 5) && kolmogorovSmirnov < 2.2;

const draws = {
  uniform: { low: -2, high: 3 },
  normal: { mean: 3, std: 2 },
  truncatedNormal: { mean: 1, std: 2, low: -1, high: 3 },
  exponential: { rate: 0.5 },
} satisfies Record<ContinuousName, object>;

/** All measurements, one at a time. */
export function* all(): Measurements {
  const generators = { philox: random.philox(2026), torch: random.torch(2026), threefry: random.threefry(2026) };
  for (const [generator, rng] of Object.entries(generators) as [string, Generator][]) {
    for (const [name, options] of Object.entries(draws)) {
      const law = lawFrom(name, name as ContinuousName, options) as Continuous;
      yield measure(`${generator} ${name}`, rng[name as 'normal'](N, options as object), law);
    }
    const p = 0.3;
    const ones = rng.bernoulli(N, { p }).reduce((sum, v) => sum + v, 0);
    const off = (ones - N * p) / Math.sqrt(N * p * (1 - p));
    yield { name: `${generator} bernoulli`, moments: [off], kolmogorovSmirnov: 0, chiSquared: 0 };
  }
  const shape = [2500, 4000];
  for (const name of Object.keys(initialisers) as (keyof typeof initialisers)[]) {
    const { mean, std, low, high } = init.describe(name, shape);
    if (std === 0) continue;
    const x = (init[name] as (shape: readonly number[], o: object) => Float32Array)(shape, { seed: name });
    const isTruncated = Number.isFinite(low) && Math.abs((high - low) / std - Math.sqrt(12)) > 1e-9;
    const law: Continuous = isTruncated
      ? { distribution: 'truncatedNormal', mean, std: (high - low) / 4, low, high }
      : Number.isFinite(low)
        ? { distribution: 'uniform', low, high }
        : { distribution: 'normal', mean, std };
    yield measure(`init.${name}`, x, law);
  }
}
type Measurements = globalThis.Generator<Measured, void, void>;
