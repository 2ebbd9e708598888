// Options for each distribution, and its distribution function with them. From these grow the golden hashes, and the tests of
// every distribution with every generator.

import type { DistributionName, OptionsOf } from '../../src/random/distributions.js';
import { normalCdf } from '../oracle.js';

interface Example<O> {
  options: O;
  /** The distribution function with these options, if it is continuous. */
  cdf?: (x: number) => number;
  /** The fourth central moment over the variance squared, which says how far a sample's variance is off. */
  kurtosis: number;
}

const standard = normalCdf();
const truncated = normalCdf(-1, 5);

export const examples: { [D in DistributionName]: Example<OptionsOf<D>> } = {
  uniform: { options: { low: -1, high: 3 }, cdf: (x) => (x + 1) / 4, kurtosis: 1.8 },
  normal: { options: { mean: 1, std: 0.1 }, cdf: (x) => standard((x - 1) / 0.1), kurtosis: 3 },
  truncatedNormal: { options: { low: -1, high: 5 }, cdf: truncated, kurtosis: 3 },
  bernoulli: { options: { p: 0.3 }, kurtosis: 1 / 0.21 - 3 },
  exponential: { options: { rate: 0.7 }, cdf: (x) => 1 - Math.exp(-0.7 * x), kurtosis: 9 },
};
