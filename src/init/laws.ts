// Laws of a given standard deviation.

import type { Law } from '../random/distributions.js';

export const normal = (std: number): Law => ({ distribution: 'normal', mean: 0, std });
export const symmetric = (bound: number): Law => ({ distribution: 'uniform', low: -bound, high: bound });
/** The uniform of that standard deviation; in this order PyTorch's bound to the last bit. */
export const uniform = (std: number): Law => symmetric(Math.sqrt(3) * std);

/** The standard deviation of N(0, 1) truncated at -2 and 2. */
const TRUNCATED_STD = 0.87962566103423978;

/** The normal truncated at two deviations, widened so that its standard deviation is std after that. */
export function truncated(std: number): Law {
  const wide = std / TRUNCATED_STD;
  return { distribution: 'truncatedNormal', mean: 0, std: wide, low: -2 * wide, high: 2 * wide };
}
