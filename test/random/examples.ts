// For each distribution options to try it with, and its distribution function: from these grow the golden hashes, and the tests
// of its moments and of its law with every generator.

import type { DistributionName, OptionsOf } from '../../src/random/distributions.js';
import { normalCdf } from '../oracle.js';

interface Example<O> {
  options: O;
  /** Of a continuous distribution with these options. */
  cdf?: (x: number) => number;
  /** The fourth central moment over the variance squared, by which the variance's own error is known. */
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
