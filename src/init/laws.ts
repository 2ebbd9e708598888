// Laws with a given standard deviation, and mean 0.

import type { Law } from '../random/distributions.js';

export const normal = (std: number): Law => ({ distribution: 'normal', mean: 0, std });
/** The uniform between -bound and bound. */
export const symmetric = (bound: number): Law => ({ distribution: 'uniform', low: -bound, high: bound });
/** The uniform with a standard deviation. sqrt(3) is multiplied first, as in PyTorch, so that the bound is equal to the bit. */
export const uniform = (std: number): Law => symmetric(Math.sqrt(3) * std);

/** The standard deviation of N(0, 1) truncated at -2 and 2. */
const TRUNCATED_STD = 0.87962566103423978;

/** The normal truncated at two standard deviations, scaled so that its standard deviation is std after truncation. */
export function truncated(std: number): Law {
  const untruncated = std / TRUNCATED_STD;
  return { distribution: 'truncatedNormal', mean: 0, std: untruncated, low: -2 * untruncated, high: 2 * untruncated };
}
